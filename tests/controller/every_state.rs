//! Every state that `decide` can meet: it never panics, settles at once, and explains itself.

use std::collections::BTreeSet;

use openclaw::api::status::Phase;
use openclaw::controller::decide::{Action, decide, reads};
use openclaw::controller::observed::{
    ContainerFacts, Ended, Held, Observed, PodFacts, Quality, Reading, State,
};
use openclaw::model::references::Kind;
use proptest::prelude::*;

use crate::world::{UID, World, now};

fn held() -> impl Strategy<Value = Reading> {
    let quality = prop_oneof![
        Just(Quality::Missing),
        Just(Quality::Blank),
        Just(Quality::Short),
        Just(Quality::Good)
    ];
    let owner = prop_oneof![Just(vec![]), Just(vec![UID.to_owned()]), Just(vec!["x".to_owned()])];
    (quality, owner, any::<bool>(), any::<bool>(), -9_000_i64..9_000).prop_map(
        |(token, owners, is_labeled, has_keys, at)| {
            let keys = ["token", "k", "tls.crt", "tls.key"].map(str::to_owned);
            let keys = if has_keys { keys.into() } else { BTreeSet::new() };
            let written = Some(now() + std::time::Duration::from_secs(at.unsigned_abs()));
            Reading::Held(Held {
                version: "1".to_owned(),
                keys,
                owners,
                is_labeled,
                written,
                token,
                store: None,
            })
        },
    )
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        Just(Reading::Unread),
        Just(Reading::Denied),
        Just(Reading::Failed),
        Just(Reading::Absent),
        held()
    ]
}

fn ended() -> impl Strategy<Value = Ended> {
    (prop_oneof![Just(0), Just(1), Just(75), Just(78), Just(137)], any::<bool>(), ".{0,20}")
        .prop_map(|(code, is_oom, message)| {
            let reason = if is_oom { "OOMKilled" } else { "Error" };
            Ended { code, reason: reason.to_owned(), message }
        })
}

fn container(name: &'static str, is_init: bool) -> impl Strategy<Value = ContainerFacts> {
    const REASONS: [&str; 6] = [
        "",
        "PodInitializing",
        "ErrImagePull",
        "ImagePullBackOff",
        "CreateContainerConfigError",
        "CrashLoopBackOff",
    ];
    let waiting = (proptest::sample::select(&REASONS[..]), ".{0,20}")
        .prop_map(|(reason, message)| State::Waiting { reason: reason.to_owned(), message });
    let running = any::<bool>().prop_map(|is_known| State::Running { since: is_known.then(now) });
    let state = prop_oneof![waiting, running, ended().prop_map(State::Ended)];
    (state, proptest::option::of(ended()), 0..9_i32).prop_map(move |(state, last, restarts)| {
        ContainerFacts {
            name: name.to_owned(),
            is_init,
            image: "openclaw:1".to_owned(),
            image_id: String::new(),
            restarts,
            state,
            last,
        }
    })
}

fn pod() -> impl Strategy<Value = PodFacts> {
    let revision = prop_oneof![Just("my-agent-1"), Just("my-agent-0"), Just("")];
    let why = || proptest::option::of(Just("Evicted".to_owned()));
    (
        revision,
        any::<bool>(),
        any::<bool>(),
        why(),
        why(),
        container("init-state", true),
        container("openclaw", false),
    )
        .prop_map(|(revision, is_ready, is_deleted, failed, unschedulable, init, main)| {
            PodFacts {
                uid: "pod-1".to_owned(),
                ip: None,
                ready_changed: None,
                revision: revision.to_owned(),
                is_ready,
                is_deleted,
                failed,
                unschedulable,
                containers: vec![init, main],
            }
        })
}

const SPECS: [&str; 4] = [
    "{envFrom: [{secretRef: {name: keys}}]}",
    "{suspended: true, security: {networkPolicy: {enabled: false}}}",
    "{gateway: {existingSecret: mine}, env: [{name: A, valueFrom: {secretKeyRef: {name: keys, key: k}}}], storage: {persistence: {enabled: false}}}",
    "{config: {configMapRef: {name: outside, key: openclaw.json}}}",
];

fn worlds() -> Vec<Observed> {
    SPECS.iter().map(|spec| World::synced(spec).observed()).collect()
}

fn change(observed: &mut Observed, flags: [bool; 7], pod: Option<PodFacts>, replicas: i32) {
    let [is_deleted, is_invalid, is_unreadable, no_set, is_owned, is_edited, is_behind] = flags;
    let instance = &mut observed.instance;
    instance.is_deleted = is_deleted;
    if is_invalid || is_unreadable {
        instance.errors.push("OC0001 spec: nonsense".to_owned());
    }
    if is_unreadable {
        instance.wants = None;
    }
    if is_behind {
        instance.render_hash = Some("0".repeat(64));
    }
    if let Some(set) = &mut observed.set {
        set.replicas = replicas;
        set.is_owned = is_owned;
        if is_edited {
            set.changed_by.insert("kubectl-edit".to_owned());
        }
    }
    if no_set {
        observed.set = None;
    }
    observed.pod = pod;
}

/// Everything that may be known of an instance, however odd.
pub(crate) fn states() -> impl Strategy<Value = Observed> {
    (
        0..SPECS.len(),
        proptest::array::uniform7(proptest::bool::weighted(0.25)),
        proptest::option::weighted(0.8, pod()),
        0..2_i32,
        proptest::collection::vec(reading(), 8),
        any::<bool>(),
    )
        .prop_map(|(which, flags, pod, replicas, readings, has_policy)| {
            thread_local! { static WORLDS: Vec<Observed> = worlds(); }
            let mut observed = WORLDS.with(|worlds| worlds[which].clone());
            change(&mut observed, flags, pod, replicas);
            observed.has_policy = has_policy;
            for (key, reading) in reads(&observed).into_iter().zip(readings) {
                observed.readings.insert(key, reading);
            }
            observed
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_decision_settles_and_explains_itself(
        state in states(),
    ) {
        let mut observed = state;
        let mut plan = decide(&observed, now());
        if let [Action::MakeToken { secret }] = plan.actions.as_slice() {
            let key = (Kind::Secret, secret.clone());
            prop_assert_eq!(observed.readings.get(&key), Some(&Reading::Absent));
            prop_assert_eq!(secret.as_str(), "my-agent-gateway-token");
            prop_assert!(!observed.instance.is_deleted);
            let held = Held { owners: vec![UID.to_owned()], token: Quality::Good, ..Held::default() };
            observed.readings.insert(key, Reading::Held(held));
            plan = decide(&observed, now());
        }
        for action in &plan.actions {
            match action {
                Action::MakeToken { .. } => prop_assert!(false, "made twice"),
                Action::Update(_) => prop_assert!(false, "nothing is under way"),
                Action::Backup { .. } | Action::Lend { .. } => prop_assert!(false, "nobody opened a bucket"),
                Action::WriteStatus { status, events } => {
                    observed.instance.status = (**status).clone();
                    // One of each cause, one of the phase, one of the update, one of the data.
                    prop_assert!(events.len() <= 8, "{:?}", events);
                }
            }
        }
        let status = &observed.instance.status;
        let kinds: BTreeSet<&str> = status.conditions.iter().map(|one| one.type_.as_str()).collect();
        prop_assert_eq!(kinds.len(), status.conditions.len(), "one writer a condition");
        let holds = |kind: &str, value: &str| {
            status.conditions.iter().any(|one| one.type_ == kind && one.status == value)
        };
        let phase = status.phase.unwrap();
        prop_assert_eq!(
            holds("Ready", "True"),
            matches!(phase, Phase::Running | Phase::Degraded),
            "{:?}", status.conditions
        );
        prop_assert_eq!(holds("Stalled", "True"), phase == Phase::Failed);
        if phase == Phase::Degraded {
            let whys = ["SecretsReady", "ConfigValid", "NetworkPolicyReady", "Synced"];
            prop_assert!(whys.iter().any(|kind| holds(kind, "False")));
        }
        for one in &status.conditions {
            prop_assert!(!one.reason.is_empty() && one.reason.chars().all(char::is_alphanumeric));
            prop_assert!(one.message.len() < 32_768);
        }
        // Seen a second later, nothing is left to do but to make what is not there yet.
        let again = decide(&observed, now() + std::time::Duration::from_secs(1));
        prop_assert!(
            !again.actions.iter().any(|action| matches!(action, Action::WriteStatus { .. })),
            "{:?}", again.actions
        );
    }
}
