//! The comment of a request: made once, kept up to date, and made by nobody who may not.

use serde_json::Value;

use crate::host::{Host, Kind, NUMBER, TOKEN};
use crate::job::Job;
use crate::kit::Test;
use crate::{change, read, repository, run, run_with, yaml};

/// More than a page of what people say, some of it about ours.
fn talk() -> Vec<&'static str> {
    let mut talk = vec!["Looks good"; 104];
    talk[3] = "> <!-- openclaw diff -->\n\nis quoted";
    talk[101] = "see <!-- openclaw diff -->";
    talk
}

/// A clone in which a branch gives an agent more room, and the repository that it came from.
struct Request {
    test: Test,
    _origin: Test,
}

impl Request {
    fn new() -> Self {
        Self::cloned("")
    }

    /// With options of `git clone`.
    fn cloned(options: &str) -> Self {
        let origin = repository("--ci github,gitlab,forgejo");
        run(&origin, "git commit --quiet --message first").unwrap();
        run(&origin, "git switch --quiet --create bigger").unwrap();
        let script = format!(
            "git clone --quiet --branch bigger {options} file://{} .",
            origin.path().display()
        );
        let test = Test::new();
        run(&test, &script).unwrap();
        Self { test, _origin: origin }
    }

    /// Changes the size of the volume, and commits what follows.
    fn resize(&self, from: &str, to: &str) {
        change(&self.test, from, to);
        let script =
            "openclaw render --quiet && git add --all && git commit --quiet --message size";
        run(&self.test, script).unwrap();
    }

    /// What the comment is to say.
    fn words(&self) -> String {
        run(&self.test, "openclaw diff --git origin/main... -o markdown --exit-zero").unwrap()
    }
}

fn read_in(test: &Test, path: &str) -> Value {
    yaml(&std::fs::read_to_string(test.path().join(path)).unwrap())
}

/// Who comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Action,
    Github,
    Gitlab,
}

const ALL: [By; 3] = [By::Action, By::Github, By::Gitlab];

impl By {
    fn host(self, comments: &[&str]) -> Host {
        Host::start(if self == Self::Gitlab { Kind::Gitlab } else { Kind::Github }, comments)
    }

    /// Runs the pipeline for the request; whether it passed, and what it printed.
    fn comments(self, request: &Request, host: &Host, token: &str) -> (bool, String) {
        match self {
            Self::Gitlab => on_gitlab(request, host, token),
            _ => {
                let mut job = of_request(request, &host.url(), "team/fleet", token);
                let passed = self.steps(&mut job);
                (passed, job.printed)
            }
        }
    }

    fn steps(self, job: &mut Job<'_>) -> bool {
        if self == Self::Action {
            let action = yaml(&read(".github/actions/check/action.yml"));
            crate::cache(job.test());
            job.inputs(&action, &[("comment", "true")]);
            return job.run(&action["runs"]["steps"]);
        }
        let workflow = read_in(job.test(), ".github/workflows/openclaw.yaml");
        job.run(&workflow["jobs"]["openclaw"]["steps"])
    }
}

/// A runner for a request of the same repository.
fn of_request<'a>(request: &'a Request, api: &str, name: &str, token: &str) -> Job<'a> {
    let mut job = Job::new(&request.test);
    for (key, value) in [
        ("github.event_name", "pull_request"),
        ("github.event.pull_request.number", NUMBER),
        ("github.event.pull_request.head.repo.full_name", name),
        ("github.repository", name),
        ("github.token", token),
    ] {
        job.set(key, value);
    }
    for (key, value) in
        [("GITHUB_BASE_REF", "main"), ("GITHUB_API_URL", api), ("GITHUB_REPOSITORY", name)]
    {
        job.env.insert(key.to_owned(), value.to_owned());
    }
    job
}

/// The job of GitLab, with the job that it extends.
fn on_gitlab(request: &Request, host: &Host, token: &str) -> (bool, String) {
    let pipeline = read_in(&request.test, ".gitlab-ci.yml");
    let job = &pipeline["openclaw-diff"];
    assert_eq!((&job["extends"], &job["variables"]["GIT_DEPTH"]), (&".openclaw".into(), &0.into()));
    let lines = |list: &Value| -> Vec<String> {
        let lines = list.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
        lines.filter(|line| !line.starts_with("apt-get ")).collect()
    };
    let script =
        [lines(&pipeline[".openclaw"]["before_script"]), lines(&job["script"])].concat().join("\n");
    let base = run(&request.test, "git merge-base origin/main HEAD").unwrap();
    let folder = request.test.path().to_str().unwrap().to_owned();
    let env = [
        ("CI_PROJECT_DIR", folder),
        ("CI_API_V4_URL", host.url()),
        ("CI_PROJECT_ID", "42".to_owned()),
        ("CI_MERGE_REQUEST_IID", NUMBER.to_owned()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.trim().to_owned()),
        ("OPENCLAW_COMMENT_TOKEN", token.to_owned()),
        ("PATH", crate::path()),
    ];
    let env = env.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let found = run_with(&request.test, &script, &env);
    (found.is_ok(), found.unwrap_or_else(|text| text))
}

#[test]
fn a_request_gets_one_comment_that_is_kept_up_to_date() {
    for by in ALL {
        let request = Request::new();
        let talk = talk();
        let host = by.host(&talk);
        request.resize("10Gi", "20Gi");
        let first = request.words();
        assert!(first.contains("10Gi") && first.contains("20Gi"), "{first}");
        let (passed, printed) = by.comments(&request, &host, TOKEN);
        assert!(passed && !printed.contains(TOKEN), "{by:?}: {printed}");
        assert_eq!(host.asked(), ["GET 200", "GET 200", "POST 201"], "{by:?}");
        let comments = host.comments();
        assert_eq!(comments[..talk.len()], talk, "{by:?}");
        assert_eq!(comments[talk.len()..], [first], "{by:?}");

        for (from, to) in [("20Gi", "30Gi"), ("30Gi", "10Gi")] {
            request.resize(from, to);
            assert!(by.comments(&request, &host, TOKEN).0, "{by:?}");
            // The newest come first on GitLab, so the first page has it.
            let asked = host.asked();
            let is_short = by == By::Gitlab;
            assert_eq!(asked.len(), if is_short { 2 } else { 3 }, "{by:?}: {asked:?}");
            assert_eq!(host.comments()[talk.len()..], [request.words()], "{by:?}");
        }
        assert!(request.words().ends_with("no differences\n"));
    }
}

#[test]
fn a_request_that_changes_nothing_gets_no_comment() {
    for by in ALL {
        let (request, host) = (Request::new(), by.host(&["Looks good"]));
        let (passed, printed) = by.comments(&request, &host, TOKEN);
        assert!(passed, "{by:?}: {printed}");
        assert_eq!(host.asked(), ["GET 200"], "{by:?}");
    }
}

#[test]
fn a_stale_tree_is_commented_too_and_an_invalid_instance_is_not() {
    for by in [By::Action, By::Github] {
        let (request, host) = (Request::new(), by.host(&[]));
        change(&request.test, "10Gi", "20Gi");
        let (passed, printed) = by.comments(&request, &host, TOKEN);
        assert!(!passed && printed.contains("title=OC0341::"), "{by:?}: {printed}");
        assert_eq!(host.comments(), [request.words()], "{by:?}");
        change(&request.test, "20Gi", "ten");
        host.asked();
        let (passed, printed) = by.comments(&request, &host, TOKEN);
        assert!(!passed && printed.contains("::error file=instances/my-agent.yaml"), "{printed}");
        assert_eq!(host.asked(), [""; 0], "{by:?}");
    }
}

#[test]
fn a_token_that_is_refused_fails_the_job() {
    for by in ALL {
        let (request, host) = (Request::new(), by.host(&[]));
        request.resize("10Gi", "20Gi");
        let (passed, printed) = by.comments(&request, &host, "of-nobody");
        assert!(!passed && printed.contains("401"), "{by:?}: {printed}");
        assert!(!printed.contains("of-nobody"), "{by:?}: {printed}");
        assert_eq!(host.asked(), ["GET 401"], "{by:?}");
    }
}

#[test]
fn a_request_from_a_fork_is_told_in_the_summary_alone() {
    for by in [By::Action, By::Github] {
        let (request, host) = (Request::new(), by.host(&[]));
        request.resize("10Gi", "20Gi");
        let mut job = of_request(&request, &host.url(), "team/fleet", TOKEN);
        job.set("github.event.pull_request.head.repo.full_name", "somebody/fleet");
        assert!(by.steps(&mut job), "{by:?}: {}", job.printed);
        assert_eq!(host.asked(), [""; 0], "{by:?}");
        let summary = std::fs::read_to_string(request.test.path().join(".git/s")).unwrap();
        assert_eq!(summary, request.words(), "{by:?}");
    }
}

#[test]
fn a_push_and_an_action_that_was_not_asked_to_comment_do_not() {
    let (request, host) = (Request::new(), By::Action.host(&[]));
    request.resize("10Gi", "20Gi");
    let mut job = of_request(&request, &host.url(), "team/fleet", TOKEN);
    job.set("github.event_name", "push");
    assert!(By::Github.steps(&mut job), "{}", job.printed);
    let mut job = of_request(&request, &host.url(), "team/fleet", TOKEN);
    crate::cache(&request.test);
    let action = yaml(&read(".github/actions/check/action.yml"));
    job.inputs(&action, &[]);
    assert!(job.run(&action["runs"]["steps"]), "{}", job.printed);
    assert_eq!(host.asked(), [""; 0]);
}

#[test]
fn the_action_fetches_what_a_shallow_checkout_lacks() {
    let request = Request::cloned("--depth 1 --single-branch");
    run(&request.test, "! git rev-parse --quiet --verify origin/main").unwrap();
    let host = By::Action.host(&[]);
    change(&request.test, "10Gi", "20Gi");
    run(&request.test, "openclaw render --quiet").unwrap();
    let (passed, printed) = By::Action.comments(&request, &host, TOKEN);
    assert!(passed, "{printed}");
    assert_eq!(host.comments(), [request.words()]);
}

/// The pipelines are files of their own, so each has the whole of it.
#[test]
fn every_workflow_comments_in_the_same_way() {
    let action = yaml(&read(".github/actions/check/action.yml"));
    let script = |steps: &Value| {
        let steps = steps.as_array().unwrap().iter();
        let mut found = steps.filter(|step| step["name"] == "Comment on the request");
        found.next().unwrap().clone()
    };
    let expected = script(&action["runs"]["steps"]);
    for host in ["github", "forgejo"] {
        let workflow = yaml(&read(&format!("tests/init/argocd/.{host}/workflows/openclaw.yaml")));
        assert_eq!(script(&workflow["jobs"]["openclaw"]["steps"]), expected, "{host}");
    }
}
