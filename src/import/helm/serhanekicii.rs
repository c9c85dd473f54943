//! serhanekicii/openclaw-helm: the application in the words of app-template, a chart for charts.

use serde_json::Value;

use super::draft::Draft;
use super::rows::{
    CONTAINER_CONTEXT, HANDLER, INGRESS, LABELS, POD_CONTEXT, RESOURCES, Row, SCHEDULING, STRATEGY,
    Take, WRITER, gate, group, kept, left, lost, own, read, same, to,
};
use super::{Chart, Volume};

const WORDS: &str = "it is in the words of app-template, and not of Kubernetes";
const MAIN: &str = "app-template.controllers.main.containers.main";
const SKILLS: &str = "app-template.controllers.main.initContainers.init-skills.command";
const BROWSER: &str = "app-template.controllers.main.containers.chromium";

const VERSIONS: &[Row] = &[
    to("openclawVersion", Take::Tag, "image.tag"),
    read("chromiumVersion"),
    same("configMode", "config.mergeMode"),
    kept("skills"),
    left("homebrew", &[], "no Homebrew is installed", "install tools in `spec.initContainers`"),
];

const POD: &[Row] = &[
    same("annotations", "podAnnotations"),
    lost("labels", &[], LABELS),
    same("imagePullSecrets", "image.pullSecrets"),
    same("topologySpreadConstraints", "availability.topologySpreadConstraints"),
    same("runtimeClassName", "availability.runtimeClassName"),
    lost("", &[], "the spec has no such field"),
];

const CONTROLLER: &[Row] = &[
    lost("replicas", &["1"], WRITER),
    lost("strategy", &[r#""Recreate""#], STRATEGY),
    lost("type", &[r#""deployment""#], "it is a StatefulSet"),
    own("initContainers.init-config"),
    own("initContainers.init-homebrew"),
    read("initContainers.init-skills.command"),
    own("initContainers.init-skills"),
    left("initContainers", &[], WORDS, "write it into `spec.initContainers`"),
    left("containers", &[], WORDS, "write it into `spec.sidecars`"),
    left("", &[], WORDS, "look for a field with its meaning"),
];

const CONTAINER: &[Row] = &[
    same("image.repository", "image.repository"),
    to("image.tag", Take::Tag, "image.tag"),
    same("image.pullPolicy", "image.pullPolicy"),
    lost("command", &[r#"["node","dist/index.js"]"#], "the command of the gateway is fixed"),
    lost(
        "args",
        &[r#"["gateway","--bind","lan","--port","18789"]"#],
        "the arguments of the gateway are fixed",
    ),
    to("env", Take::Env, ""),
    to("envFrom", Take::EnvFrom, ""),
];

const PROBE: &[Row] = &[
    kept("enabled"),
    lost("type", &[r#""TCP""#], HANDLER),
    lost("custom", &[], HANDLER),
    lost("spec.tcpSocket", &[r#"{"port":18789}"#], HANDLER),
    same("spec.initialDelaySeconds", "initialDelaySeconds"),
    same("spec.periodSeconds", "periodSeconds"),
    same("spec.timeoutSeconds", "timeoutSeconds"),
    same("spec.failureThreshold", "failureThreshold"),
    lost("", &[], HANDLER),
];

const CHROMIUM: &[Row] = &[
    gate(""),
    kept("enabled"),
    kept("image.repository"),
    to("image.tag", Take::Text, "image.tag"),
    own("image.pullPolicy"),
    own("command"),
    own("args"),
    own("env"),
    own("securityContext"),
    own("probes"),
];

const SERVICE: &[Row] = &[
    own("controller"),
    kept("type"),
    kept("annotations"),
    lost("ipFamilyPolicy", &[r#""SingleStack""#], "the cluster chooses the addresses"),
    lost("ipFamilies", &[r#"["IPv4"]"#], "the cluster chooses the addresses"),
    to("ports.http.port", Take::Port, ""),
];

const DATA: &[Row] = &[
    kept("enabled"),
    lost("type", &[r#""persistentVolumeClaim""#], "the state is on a claim"),
    to("accessMode", Take::One, "accessModes"),
    kept("size"),
    kept("storageClass"),
    kept("existingClaim"),
    own("advancedMounts"),
    lost("retain", &["true"], "`helm uninstall` deletes the claim of the release"),
];

const OTHERS: &[Row] = &[
    own("configMaps.config.enabled"),
    own("configMaps.config.data.bash_aliases"),
    to(r#"configMaps.config.data["openclaw.json"]"#, Take::ConfigText, ""),
    left("configMaps", &[], WORDS, "make the ConfigMap, and name it in the instance"),
    own("persistence.config"),
    own("persistence.bash-aliases"),
    own("persistence.scripts"),
    own("persistence.tmp"),
    left(
        "persistence",
        &[],
        WORDS,
        "write it into `spec.extraVolumes`, or `spec.security.caBundle` for certificates",
    ),
    gate("networkpolicies.main"),
    own("networkpolicies.main.enabled"),
    own("networkpolicies.main.controller"),
    own("networkpolicies.main.policyTypes"),
    left(
        "networkpolicies.main.rules.ingress",
        &[],
        "the policy admits the namespace of the instance, and what the spec names",
        "name it in `spec.security.networkPolicy.allowedIngressNamespaces`",
    ),
    same("networkpolicies.main.rules.egress", "security.networkPolicy.additionalEgress"),
];

pub(super) const CHART: Chart = Chart {
    id: "serhanekicii/openclaw-helm",
    name: "",
    marks: &["app-template"],
    state_dir: "/home/node/.openclaw",
    image: None,
    volume: Volume {
        path: "app-template.persistence",
        claim: "{}",
        is_same: true,
        place: "`persistence.data.existingClaim`, or the claim of the release, with `--release`",
    },
    merge_mode: None,
    about: [
        "`configMaps.config.data`, merged or not as `configMode` says",
        "as `env` and `envFrom` of the container `main` say",
    ],
    needs: &[
        "app-template.openclawVersion",
        "app-template.configMode",
        "app-template.controllers.main.containers.main.resources",
        "app-template.controllers.main.containers.chromium.enabled",
        "app-template.configMaps.config.data",
        "app-template.persistence.data.size",
    ],
    groups: &[
        group("app-template", "", VERSIONS),
        group("app-template.defaultPodOptions", "availability", SCHEDULING),
        group(
            "app-template.defaultPodOptions.securityContext",
            "security.podSecurityContext",
            POD_CONTEXT,
        ),
        group("app-template.defaultPodOptions", "", POD),
        group("app-template.controllers.main", "", CONTROLLER),
        group(MAIN, "", CONTAINER),
        group(
            "app-template.controllers.main.containers.main.securityContext",
            "security",
            CONTAINER_CONTEXT,
        ),
        group("app-template.controllers.main.containers.main.resources", "resources", RESOURCES),
        group(
            "app-template.controllers.main.containers.main.probes.liveness",
            "probes.liveness",
            PROBE,
        ),
        group(
            "app-template.controllers.main.containers.main.probes.readiness",
            "probes.readiness",
            PROBE,
        ),
        group(
            "app-template.controllers.main.containers.main.probes.startup",
            "probes.startup",
            PROBE,
        ),
        group(BROWSER, "chromium", CHROMIUM),
        group(
            "app-template.controllers.main.containers.chromium.resources",
            "chromium.resources",
            RESOURCES,
        ),
        group("app-template.service.main", "networking.service", SERVICE),
        group("app-template.ingress.main", "networking.ingress", INGRESS),
        group("app-template.persistence.data", "storage.persistence", DATA),
        group("app-template", "", OTHERS),
    ],
    drops: &[],
    is_templated: true,
    finish,
    notes: &[super::rows::NETWORK],
};

fn finish(draft: &mut Draft<'_>) {
    // A flag of the chart's command beats it.
    draft.remove("config.raw.gateway.bind");
    let version = draft.text("app-template.chromiumVersion");
    if let Some(version) = version.filter(|_| draft.has("chromium.enabled")) {
        draft.put_absent("chromium.image.tag", version.into());
    }
    set_skills(draft);
}

/// Older versions of the chart keep the skills in a loop of a script.
fn set_skills(draft: &mut Draft<'_>) {
    let command = draft.at(SKILLS).as_array().cloned().unwrap_or_default();
    let Some(script) = command.last().and_then(Value::as_str) else { return };
    let lists = script.lines().filter_map(|line| {
        line.trim().strip_prefix("for skill in ").and_then(|rest| rest.strip_suffix("; do"))
    });
    let skills: Vec<Value> = lists
        .flat_map(str::split_whitespace)
        .filter(|word| !word.contains('$'))
        .map(Value::from)
        .collect();
    if !skills.is_empty() {
        draft.put_absent("skills", skills.into());
    }
    draft.left(
        SKILLS,
        "the script is not run; only its list of skills is taken",
        Some("set `spec.runtimeDeps`, or write what else it does into `spec.initContainers`"),
    );
}
