//! Stages on a calendar.

use super::*;

fn rollout(yaml: &str) -> CompiledRollout {
    let mut errors = Vec::new();
    let compiled = CompiledRollout::compile(Some(&serde_saphyr::from_str(yaml).unwrap()), &mut errors);
    assert_eq!(errors, []);
    compiled
}

fn at(text: &str) -> Timestamp {
    format!("{text}T12:00:00Z").parse().unwrap()
}

fn audit_since(day: &str) -> Record {
    Record { action: Action::Audit, since: at(day), watch: None, tripped: None }
}

/// What is recorded after a look.
fn looked(plan: &CompiledRollout, record: Record, day: &str) -> Record {
    let now = at(day);
    let watch = Some(Watch::at(record.watch, now));
    Record { watch, ..plan.stand(None, Some(record), GOOD, now).record }
}

const GATED: &str = "
stages:
  - {action: Audit, soak: 7d, promoteAt: {compliance: 90, failing: 2}, notBefore: 2026-12-07}
  - {action: Warn, soak: 14d}
  - {action: Deny}
freezes: [{from: 2026-12-18, to: 2027-01-04, reason: year end}]
";

const GOOD: Measure = Measure { compliance: Some(Percent::HUNDRED), failing: 0 };

#[test]
fn a_lost_record_starts_again_at_the_first_stage() {
    let standing = rollout(GATED).stand(None, None, GOOD, at("2027-03-01"));
    assert_eq!(standing.record, audit_since("2027-03-01"));
    assert_eq!(standing.next, Some(Action::Warn));
}

#[test]
fn promotion_needs_the_soak_time_the_day_and_the_evidence() {
    let plan = rollout(GATED);
    let bad = Measure { compliance: Percent::of(7, 10), failing: 3 };
    let blockers =
        |measure, day| plan.stand(None, Some(audit_since("2026-12-01")), measure, at(day)).blocked_by;
    let words: Vec<String> = blockers(bad, "2026-12-02").iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "soaking until 2026-12-08 12:00 UTC",
            "not before 2026-12-07",
            "compliance without the excepted is 70.0 %; it must reach 90 %",
            "3 workloads fail; at most 2 may",
        ]
    );
    let promoted = plan.stand(None, Some(audit_since("2026-12-01")), GOOD, at("2026-12-08"));
    assert_eq!(promoted.record, Record { action: Action::Warn, ..audit_since("2026-12-08") });
}

#[test]
fn a_stage_is_never_skipped() {
    let promoted = rollout(GATED).stand(None, Some(audit_since("2026-01-01")), GOOD, at("2027-06-01"));
    assert_eq!(promoted.record.action, Action::Warn);
}

#[test]
fn a_freeze_holds_and_moves_the_earliest_day() {
    let standing = rollout(GATED).stand(None, Some(audit_since("2026-12-14")), GOOD, at("2026-12-22"));
    assert_eq!(standing.record.action, Action::Audit);
    assert_eq!(standing.promotable_from, Some("2027-01-05T00:00:00Z".parse().unwrap()));
    assert_eq!(standing.blocked_by[0].to_string(), "frozen until 2027-01-05: year end");
}

#[test]
fn what_was_never_measured_is_not_promoted() {
    let standing =
        rollout(GATED).stand(None, Some(audit_since("2026-11-01")), Measure::default(), at("2026-12-10"));
    assert_eq!(standing.blocked_by, [Blocker::NothingMeasured]);
}

#[test]
fn an_empty_tier_does_not_pass_a_gate_that_asks_for_no_failures() {
    let plan = rollout("stages: [{action: Audit, soak: 0m, promoteAt: {failing: 0}}, {action: Warn}]");
    let record = Some(audit_since("2026-11-01"));
    let standing = plan.stand(None, record, Measure::default(), at("2026-12-10"));
    assert_eq!(standing.blocked_by, [Blocker::NothingMeasured]);
}

#[test]
fn a_plan_that_lost_a_stage_falls_to_the_one_below() {
    let plan = rollout("stages: [{action: Audit, soak: 7d}, {action: Deny}]");
    let record = Some(Record { action: Action::Warn, ..audit_since("2026-01-01") });
    let standing = plan.stand(None, record, GOOD, at("2026-06-01"));
    assert_eq!((standing.stage, standing.record.action), (0, Action::Audit));
    assert_eq!(standing.record.since, at("2026-06-01"));
}

#[test]
fn a_clock_that_went_back_promotes_nothing() {
    let standing = rollout(GATED).stand(None, Some(audit_since("2027-05-01")), GOOD, at("2027-03-01"));
    assert_eq!(standing.record, audit_since("2027-05-01"));
}

#[test]
fn a_clock_that_jumps_for_years_and_back_neither_promotes_early_nor_demotes() {
    let plan = rollout("stages: [{action: Audit, soak: 7d}, {action: Warn, soak: 7d}, {action: Deny}]");
    let mut record = audit_since("2026-12-01");
    for day in ["2026-12-02", "2026-12-03", "2026-12-04"] {
        record = looked(&plan, record, day);
    }
    let before = record;
    record = looked(&plan, record, "2031-06-01");
    assert_eq!(record.action, Action::Audit, "the soak time of years was watched by nobody");
    assert_eq!(record.since, at("2031-05-29"), "three days were");
    record = looked(&plan, record, "2026-12-05");
    assert_eq!((record.action, record.since), (Action::Audit, at("2026-12-02")), "three days still");
    for day in ["2026-12-06", "2026-12-07", "2026-12-08"] {
        record = looked(&plan, record, day);
        assert_eq!(record.action, before.action);
    }
    record = looked(&plan, record, "2026-12-09");
    assert_eq!(record.action, Action::Warn, "a day later than with the right time all along");

    let warned = record;
    record = looked(&plan, record, "2020-01-01");
    assert_eq!(record.action, Action::Warn, "nothing is taken back");
    record = looked(&plan, record, "2026-12-10");
    assert_eq!((record.action, record.since), (warned.action, at("2026-12-10")));
}

#[test]
fn a_clock_that_jumps_passes_no_day_in_the_plan_either() {
    let plan = rollout("stages: [{action: Audit, soak: 0m, notBefore: 2027-06-01}, {action: Warn}]");
    let record = looked(&plan, audit_since("2026-12-01"), "2026-12-01");
    let jumped = plan.stand(None, Some(record), GOOD, at("2031-06-01"));
    assert_eq!(jumped.record.action, Action::Audit);
    assert_eq!(
        jumped.blocked_by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["watching until 2031-06-02 12:00 UTC: nobody looked for more than a day, or the clock was set"]
    );
    assert_eq!(jumped.promotable_from, Some(at("2031-06-02")));
    // Whoever puts the clock right within the day has lost nothing.
    assert_eq!(looked(&plan, looked(&plan, record, "2031-06-01"), "2026-12-02").action, Action::Audit);
}

#[test]
fn the_time_in_which_no_operator_ran_is_no_soak_time() {
    let plan = rollout("stages: [{action: Audit, soak: 7d}, {action: Warn}]");
    let record = looked(&plan, audit_since("2026-12-01"), "2026-12-02");
    let back = plan.stand(None, Some(record), GOOD, at("2026-12-20"));
    assert_eq!(back.record.action, Action::Audit);
    assert_eq!(back.promotable_from, Some(at("2026-12-26")), "one day of seven was watched");
    let overnight = plan.stand(None, Some(record), GOOD, at("2026-12-03"));
    assert_eq!(overnight.promotable_from, Some(at("2026-12-08")), "a restart costs nothing");
}

#[test]
fn a_tier_s_own_plan_comes_first() {
    let plan = rollout("{stages: [{action: Deny}], tiers: [{name: tier-2, stages: [{action: Audit}]}]}");
    assert_eq!(plan.plan(Some("tier-2")).actions().collect::<Vec<_>>(), [Action::Audit]);
    assert_eq!(plan.plan(Some("tier-1")).actions().collect::<Vec<_>>(), [Action::Deny]);
}

#[test]
fn stages_that_go_down_are_refused() {
    let written = serde_saphyr::from_str("stages: [{action: Warn, soak: 1d}, {action: Audit}]").unwrap();
    let mut errors = Vec::new();
    CompiledRollout::compile(Some(&written), &mut errors);
    assert_eq!(errors[0].path, "spec.rollout.stages[1].action");
}

/// The same plan with what somebody asks for.
fn asked(plan: &str, annotations: &[(&str, &str)]) -> CompiledRollout {
    let pairs = annotations.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    rollout(plan).as_asked(&ObjectMeta { annotations: Some(pairs.collect()), ..ObjectMeta::default() })
}

#[test]
fn who_is_asked_to_go_on_waits_for_neither_time_nor_evidence_and_goes_one_stage() {
    let bad = Measure { compliance: Percent::of(7, 10), failing: 3 };
    let plan =
        asked(GATED, &[(PROMOTE, "tier-0=Deny@2026-12-02T11:00:00Z, tier-1=Warn@2026-12-02T11:00:00Z")]);
    let action = |tier, record, day| plan.stand(tier, Some(record), bad, at(day)).record.action;
    assert_eq!(action(Some("tier-1"), audit_since("2026-12-01"), "2026-12-02"), Action::Warn);
    assert_eq!(action(Some("tier-2"), audit_since("2026-12-01"), "2026-12-02"), Action::Audit);
    assert_eq!(action(None, audit_since("2026-12-01"), "2026-12-02"), Action::Audit);
    assert_eq!(
        action(Some("tier-0"), audit_since("2026-12-01"), "2026-12-02"),
        Action::Audit,
        "none is skipped"
    );
    // What was asked for before it came to this stage, or will be, is not meant for now.
    assert_eq!(action(Some("tier-1"), audit_since("2026-12-03"), "2026-12-04"), Action::Audit);
    assert_eq!(action(Some("tier-1"), audit_since("2026-11-01"), "2026-12-01"), Action::Audit);
    assert_eq!(plan.stand(Some("tier-1"), None, bad, at("2026-12-02")).record.action, Action::Audit);
}

#[test]
fn a_freeze_and_a_hold_are_kept_whoever_asks() {
    let ask = (PROMOTE, "tier-1=Warn@2026-12-22T11:00:00Z");
    let blockers = |annotations: &[(&str, &str)], day| {
        let plan = asked(GATED, annotations);
        let standing = plan.stand(Some("tier-1"), Some(audit_since("2026-12-21")), GOOD, at(day));
        standing.blocked_by.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(blockers(&[ask], "2026-12-22"), ["frozen until 2027-01-05: year end"]);
    assert_eq!(
        blockers(&[ask], "2027-01-06"),
        ["soaking until 2027-01-20 12:00 UTC"],
        "at Warn, after the freeze"
    );
    let held = (HOLD, "the registry moves");
    assert_eq!(blockers(&[ask, held], "2027-01-06"), ["held: the registry moves"]);
    assert_eq!(
        blockers(&[(HOLD, "")], "2027-01-06"),
        ["held: the annotation `stanchion.dev/hold` says no reason"]
    );
    let said = blockers(&[(PROMOTE, "tier-1=Warn")], "2027-01-06");
    assert!(said[0].contains("`tier-1=Warn` must be TIER=ACTION@TIME"), "{said:?}");
}

#[test]
fn a_tier_that_denied_too_much_goes_back_and_denies_again_a_day_later_or_by_somebody_s_word() {
    let plan = rollout("stages: [{action: Audit, soak: 0m}, {action: Warn, soak: 1d}, {action: Deny}]");
    let now = at("2026-12-08");
    let denying = Record { action: Action::Deny, ..audit_since("2026-12-01") };
    let back = plan.trip(None, denying, now);
    assert_eq!((back.action, back.since, back.tripped), (Action::Warn, now, Some(now)));
    let soon = now + SignedDuration::from_hours(23);
    let standing = plan.stand(None, Some(back), GOOD, soon);
    assert_eq!(standing.record.action, Action::Warn);
    assert!(standing.blocked_by.iter().any(|it| matches!(it, Blocker::Tripped(_))), "{standing:?}");
    let later = plan.stand(None, Some(back), GOOD, now + SignedDuration::from_hours(25));
    assert_eq!((later.record.action, later.record.tripped), (Action::Deny, None));
}

#[test]
fn a_plan_without_a_warning_goes_back_to_what_it_has() {
    let plan = rollout("stages: [{action: Audit, soak: 0m}, {action: Deny}]");
    let now = at("2026-12-08");
    let back = plan.trip(None, Record { action: Action::Deny, ..audit_since("2026-12-01") }, now);
    assert_eq!(back.action, Action::Audit);
    let standing = plan.stand(None, Some(back), GOOD, now + SignedDuration::from_hours(1));
    assert_eq!(standing.record.action, Action::Audit, "it would deny again at once");
}
