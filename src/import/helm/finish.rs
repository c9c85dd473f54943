//! The end of a source: its volume, its Secrets, its text.

use serde_json::{Value, json};

use super::draft::Draft;
use crate::import::Source;
use crate::names;
use crate::render::yaml;

impl Draft<'_> {
    /// Returns the source.
    pub(super) fn finish(mut self) -> Source {
        self.set_volume();
        if let Some(mode) = self.chart.merge_mode {
            self.put("config.mergeMode", mode.into());
        }
        if self.is_moved {
            let (from, to) = (self.chart.state_dir, names::STATE_DIR);
            self.note(format!("wrote {to} for {from}: there the volume is mounted here"));
        }
        if self.has("networking.ingress.enabled") {
            self.note("the Ingress redirects to HTTPS, sends HSTS and limits requests, unless spec.networking.ingress.security says otherwise".to_owned());
        }
        let namespace = self.wanted.namespace.map(str::to_owned);
        self.name_secrets();
        let mut metadata = json!({"name": self.wanted.name});
        if let Some(namespace) = &namespace {
            metadata["namespace"] = namespace.clone().into();
        }
        let text = yaml::write(&json!({
            "apiVersion": names::API_VERSION,
            "kind": names::KIND,
            "metadata": metadata,
            "spec": self.spec,
        }));
        let (name, notes) = (self.wanted.name.to_owned(), self.notes);
        Source { namespace, name, text, notes, is_live: false }
    }

    /// Says how the Secrets are made that the source names; the values stay in the shell.
    fn name_secrets(&mut self) {
        let namespace = self.wanted.namespace.unwrap_or("default");
        let command = |name: &str, keys: &[(&str, &str)]| {
            let literal = |(key, env): &(&str, &str)| format!(" --from-literal={key}=\"${env}\"");
            let literals: String = keys.iter().map(literal).collect();
            format!(
                "make the Secret `{name}`, with the values in variables of your shell:\n    kubectl -n {namespace} create secret generic {name}{literals}"
            )
        };
        if self.has_token {
            let name = format!("{}-token", self.wanted.name);
            let keys = [(names::KEY_TOKEN, "OPENCLAW_GATEWAY_TOKEN")];
            self.note(command(&name, &keys));
        }
        if self.secrets.is_empty() {
            return;
        }
        let name = self.secret_name();
        let secrets = self.secrets.clone();
        let keys: Vec<(&str, &str)> = secrets.iter().map(|key| (&**key, &**key)).collect();
        self.note(command(&name, &keys));
        self.push("envFrom", json!({"secretRef": {"name": name}}));
    }

    /// Takes the volume of the release where its root is the state, and tells where it is not.
    fn set_volume(&mut self) {
        let volume = &self.chart.volume;
        let is_off = self.spec.pointer("/storage/persistence/enabled") == Some(&Value::Bool(false));
        if is_off {
            return;
        }
        let own = self.text(&format!("{}.existingClaim", volume.path));
        let of_release = || self.full_name().map(|name| volume.claim.replace("{}", &name));
        let claim = own.or_else(of_release);
        let has_claim = self.has("storage.persistence.existingClaim");
        if let (true, false, Some(claim)) = (volume.is_same, has_claim, &claim) {
            self.put("storage.persistence.existingClaim", claim.clone().into());
            self.note(format!("set spec.storage.persistence.existingClaim to `{claim}`: its root is the state, as it is here"));
        }
        if volume.is_same && (has_claim || claim.is_some()) {
            self.mount_twice();
            return;
        }
        let own = names::claim(self.wanted.name);
        let (message, hint) = if volume.is_same {
            let message = "the volume of a release that runs is not carried over".to_owned();
            (message, "name the release with `--release`, and its claim is used".to_owned())
        } else {
            let of = claim.map_or_else(String::new, |claim| format!(" `{claim}`"));
            let message = format!("the volume{of} is not carried over: {}", volume.place);
            (message, format!("copy the state to the root of the claim `{own}` while nothing runs"))
        };
        self.tell("OC0336", volume.path, message, Some(&hint));
    }

    /// Mounts the volume at the chart's path too: what the application stored names that path.
    fn mount_twice(&mut self) {
        let from = self.chart.state_dir;
        if from == names::STATE_DIR {
            return;
        }
        self.push("extraVolumeMounts", json!({"name": names::VOLUME_DATA, "mountPath": from}));
        self.note(format!(
            "mounted the volume at {from} too: what the application stored names that path"
        ));
    }
}
