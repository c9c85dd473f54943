//! Rules about quantities as a policy evaluates them, in CEL: a rule of the CRD could not afford to
//! read them. See [`super::warnings`] for what is common to them.

use super::{Cel, ask};

/// Whether every quantity that is written is one, and none is negative.
macro_rules! all_read {
    ($base:literal) => {
        concat!(
            "[?",
            $base,
            ".?requests.?cpu, ?",
            $base,
            ".?requests.?memory, ?",
            $base,
            ".?limits.?cpu, ?",
            $base,
            ".?limits.?memory].all(q, isQuantity(q) && !quantity(q).isLessThan(quantity('0')))"
        )
    };
}

/// Whether a request is within its limit, where both are quantities.
macro_rules! within {
    ($request:expr, $limit:expr) => {
        concat!(
            "!",
            $request,
            ".hasValue() || !",
            $limit,
            ".hasValue() || !isQuantity(",
            $request,
            ".value()) || !isQuantity(",
            $limit,
            ".value()) || !quantity(",
            $request,
            ".value()).isGreaterThan(quantity(",
            $limit,
            ".value()))"
        )
    };
}

const READ: &str = "found what is no quantity of Kubernetes, or a negative one";
const WITHIN: &str = "found more than the limit";

pub(in crate::validate) const QUANTITIES: Cel = Cel::Part(
    &[
        ask("spec.resources", all_read!("object.?spec.?resources"), READ),
        ask(
            "spec.resources.requests.cpu",
            within!(
                "object.?spec.?resources.?requests.?cpu",
                "object.?spec.?resources.?limits.?cpu"
            ),
            WITHIN,
        ),
        ask(
            "spec.resources.requests.memory",
            within!(
                "object.?spec.?resources.?requests.?memory",
                "object.?spec.?resources.?limits.?memory"
            ),
            WITHIN,
        ),
        ask("spec.chromium.resources", all_read!("object.?spec.?chromium.?resources"), READ),
        ask(
            "spec.chromium.resources.requests.cpu",
            within!(
                "object.?spec.?chromium.?resources.?requests.?cpu",
                "object.?spec.?chromium.?resources.?limits.?cpu"
            ),
            WITHIN,
        ),
        ask(
            "spec.chromium.resources.requests.memory",
            within!(
                "object.?spec.?chromium.?resources.?requests.?memory",
                "object.?spec.?chromium.?resources.?limits.?memory"
            ),
            WITHIN,
        ),
        ask(
            "spec.storage.persistence.size",
            "[?object.?spec.?storage.?persistence.?size].all(q, isQuantity(q) && \
             quantity(q).isGreaterThan(quantity('0')))",
            "found no quantity of Kubernetes above zero",
        ),
    ],
    "Kubernetes reads more forms, such as `1e-3`, than are written by people",
);
