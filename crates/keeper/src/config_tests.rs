//! Settings that work, and those that are refused.

use super::*;

const VAULT: &str = "0x00000000000000000000000000000000000000aa";

fn load(pairs: &[(&str, &str)]) -> Result<Config> {
    let pairs = pairs.iter().map(|(name, value)| (format!("{PREFIX}{name}"), (*value).to_owned()));
    Config::load(None, pairs)
}

#[test]
fn the_environment_sets_any_key() {
    let config = load(&[
        ("VAULT", VAULT),
        ("RPC", r#"["http://a", "http://b", "http://c"]"#),
        ("CHAIN_ID", "42161"),
        ("HEDGE__MAX_LOSS", "2.5"),
        ("KEY_FILE", "keeper.key"),
    ])
    .expect("a config");
    assert_eq!((config.rpc.len(), config.quorum(), config.chain_id), (3, 2, Some(42_161)));
    assert_eq!((config.hedge.max_loss, config.hedge.samples), (2.5, 24));
    assert_eq!(config.key_file, Some("keeper.key".into()));
}

#[test]
fn the_example_shows_the_defaults() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("keeper.example.toml");
    let example = Config::load(Some(&file), std::iter::empty()).expect("a config");
    let zero = Address::ZERO.to_string();
    let defaults = load(&[("VAULT", zero.as_str())]).expect("a config");
    assert_eq!(format!("{example:?}"), format!("{defaults:?}"));
}

#[test]
fn what_cannot_work_is_refused() {
    let refused = |pairs: &[(&str, &str)]| format!("{:#}", load(pairs).expect_err("refused"));
    assert!(refused(&[]).contains("missing field `vault`"));
    assert!(refused(&[("VAULT", VAULT), ("VAUTL", "1")]).contains("unknown field `vautl`"));
    assert!(refused(&[("VAULT", VAULT), ("RPC", "[]")]).contains("no endpoint"));
    assert!(refused(&[("VAULT", VAULT), ("RPC", r#"["a","b"]"#)]).contains("chain_id"));
    assert!(refused(&[("VAULT", VAULT), ("QUORUM", "2")]).contains("quorum of 2 of 1"));
    assert!(refused(&[("VAULT", VAULT), ("POLL", "soon")]).contains("poll"));
}

#[test]
fn an_endpoint_has_one_vote() {
    let refused = |rpc: &str| {
        let pairs = [("VAULT", VAULT), ("CHAIN_ID", "1"), ("RPC", rpc)];
        format!("{:#}", load(&pairs).expect_err(rpc))
    };
    let same = [
        r#"["http://a:1", "http://b", "http://a:1"]"#,
        r#"["http://a:1/", "http://b", "http://a:1"]"#,
        r#"["http://A:1", "http://a:1"]"#,
    ];
    assert!(same.iter().all(|rpc| refused(rpc).ends_with(":1 twice")), "{}", refused(same[0]));
    // What a URL may hide is not told.
    assert_eq!(refused(r#"["http://a/KEY", "http://a/KEY"]"#), "rpc names a twice");
    let two = r#"["http://a/one", "http://a/two"]"#;
    load(&[("VAULT", VAULT), ("CHAIN_ID", "1"), ("RPC", two)]).expect("two endpoints of one host");
}

#[test]
fn times_and_prices_that_are_none_are_refused() {
    for key in ["POLL", "TIMEOUT", "FEES__PATIENCE", "COIN_PRICE"] {
        for value in ["-1.0", "nan", "inf", "-inf"].into_iter().chain((key == "POLL").then_some("1e300")) {
            let error = load(&[("VAULT", VAULT), (key, value)]).expect_err(value);
            let name = key.to_lowercase().replace("__", ".");
            assert!(error.to_string().contains(&name), "{key} {value}: {error}");
        }
    }
    for key in ["POLL", "TIMEOUT", "COIN_PRICE"] {
        assert!(load(&[("VAULT", VAULT), (key, "0.0")]).is_err(), "{key} of nothing");
    }
    load(&[("VAULT", VAULT), ("FEES__PATIENCE", "0.0")]).expect("no patience");
    for key in ["POSITION__ORDER_FEE", "POSITION__CARRY"] {
        for value in ["-1.0", "nan", "inf", "1e300"] {
            let error = load(&[("VAULT", VAULT), (key, value)]).expect_err(value).to_string();
            assert!(error.contains(&key.to_lowercase().replace("__", ".")), "{key} {value}: {error}");
        }
        load(&[("VAULT", VAULT), (key, "0.0")]).expect("nothing");
    }
}

/// What a value of a key is refused with.
fn refused(key: &str, value: &str) -> String {
    let Err(error) = load(&[("VAULT", VAULT), (key, value)]) else { panic!("{key} {value}") };
    let error = error.to_string();
    let start = format!("{} is ", key.to_lowercase().replace("__", "."));
    assert!(error.starts_with(&start) && error.contains(": it must be from "), "{key} {value}: {error}");
    error
}

#[test]
fn numbers_that_are_none_or_mean_nothing_are_refused_with_their_key_and_range() {
    // Below zero these say what must be left.
    let either = ["HEDGE__MAX_LOSS", "HEDGE__URGENT_MAX_LOSS", "POSITION__MAX_LOSS", "FILL__MIN_PROFIT"];
    let above = [
        "POLL",
        "TIMEOUT",
        "COIN_PRICE",
        "FEES__MAX_GWEI",
        "FEES__TIP_GWEI",
        "FEES__PATIENCE",
        "HEDGE__URGENT_AT",
        "POSITION__ORDER_MAX_LOSS",
        "POSITION__ORDER_FEE",
        "POSITION__CARRY",
        "UPKEEP__MAX_LOSS",
        "UPKEEP__MIN_COLLECT",
        "SETTLE__MAX_LOSS",
        "PROCESS__MAX_LOSS",
        "PROCESS__MIN_PAYOUT",
    ];
    for key in either.iter().chain(&above) {
        for value in ["nan", "inf", "-inf", "1e300", "-1e300"] {
            refused(key, value);
        }
    }
    for key in above {
        refused(key, "-0.5");
    }
    for key in either {
        load(&[("VAULT", VAULT), (key, "-0.5")]).expect(key);
    }
    assert_eq!(
        refused("SETTLE__MAX_LOSS", "nan"),
        "settle.max_loss is NaN: it must be from 0 to 1000000000 USD"
    );
}

#[test]
fn whole_numbers_out_of_range_are_refused_with_their_key_and_range() {
    for (key, least, most) in [
        ("FEES__BUMP", 10, 1_000),
        ("HEDGE__DEADLINE", 1, 3_600),
        ("HEDGE__SAMPLES", 1, 64),
        ("HEDGE__TOLERANCE", 0, 10_000),
        ("POSITION__TOLERANCE", 0, 10_000),
        ("POSITION__ORDER_COST", 0, 10_000),
        ("UPKEEP__CHECKPOINT_AFTER", 60, 31_536_000),
        ("UPKEEP__TURN", 0, 86_400),
        ("PROCESS__DUST_AFTER", 0, 31_536_000),
    ] {
        for good in [least, most] {
            let good = good.to_string();
            load(&[("VAULT", VAULT), (key, good.as_str())]).expect(key);
        }
        refused(key, &(most + 1).to_string());
        if least > 0 {
            refused(key, &(least - 1).to_string());
        }
    }
    assert_eq!(refused("FEES__BUMP", "9"), "fees.bump is 9.0: it must be from 10 to 1000 percent");
}

#[test]
fn files_that_are_no_settings_are_refused_with_their_name_and_what_is_wrong() {
    let file = std::env::temp_dir().join(format!("keeper-{}.toml", std::process::id()));
    let refused = |text: &[u8]| {
        std::fs::write(&file, text).expect("written");
        let error = format!("{:#}", Config::load(Some(&file), std::iter::empty()).expect_err("refused"));
        assert!(error.starts_with(&file.display().to_string()), "{error}");
        error
    };
    let vault = format!("vault = \"{VAULT}\"\n");
    assert!(refused(b"").contains("missing field `vault`"));
    assert!(refused(b"vault = \"0x12").contains("line 1"));
    assert!(refused(b"vault = \"0x12\"").contains("vault"));
    assert!(refused(b"\xff\xfe").contains("UTF-8"));
    for (wrong, line) in [
        (vault.clone(), "line 2"),
        ("[hedge\n".into(), "line 2"),
        ("[hedge]\nsamples = -1\n".into(), "hedge.samples"),
        ("[hedge]\nsmaples = 1\n".into(), "unknown field `smaples`"),
        ("hedge = 3\n".into(), "hedge"),
        ("rpc = \"http://a\"\n".into(), "rpc"),
        ("venues = [{ name = \"a\" }]\n".into(), "missing field `address`"),
    ] {
        let error = refused([vault.as_bytes(), wrong.as_bytes()].concat().as_slice());
        assert!(error.contains(line), "{wrong}: {error}");
    }
    std::fs::remove_file(&file).expect("removed");
    let error = Config::load(Some(&file), std::iter::empty()).expect_err("gone");
    assert!(error.to_string().contains("keeper-"), "{error}");
}
