//! A cluster, a branch and a process that may die, in a time of their own.

use openclaw::controller::update::{
    Answer, Effect, End, Health, InGit, Policy, Proposal, Seen, State, Update, Verdict, Word, step,
};
use openclaw::update::{Reason, Wait};

/// What a version does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    Good,
    Exits,
    Hangs,
    DiesAfterAMinute,
    DoesNotAnswer,
    NeverStarts,
    NeverSynced,
    GoodAfterAWhileWithoutANode,
}

/// How a call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The process dies before it.
    Before,
    /// The process dies after it.
    After,
    /// It is done, and nobody hears of it.
    ReplyLost,
}

/// One call that goes wrong.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    pub at: usize,
    pub mode: Mode,
}

/// What people do with a request.
#[derive(Clone, Copy, Debug)]
pub enum People {
    /// They merge it after so many seconds.
    Merge(i64),
    /// They close it.
    Close,
}

#[derive(Debug)]
pub struct World {
    behavior: Behavior,
    keeps: bool,
    fault: Option<Fault>,
    dice: u64,
    pub faults_in_a_hundred: u64,
    /// When a person commits a tag.
    pub person_at: Option<i64>,
    /// When a person takes back what was committed.
    pub undone_at: Option<i64>,
    /// What people do with requests to merge; none where commits are made directly.
    pub people: Option<People>,
    /// What waits for a person, since when, and whether it was closed.
    requests: Vec<(Effect, i64, bool)>,
    pub proposals: Vec<&'static str>,
    pub ended_at: i64,
    now: i64,
    /// Calls over a boundary so far.
    pub calls: usize,
    // The branch.
    pub tag: String,
    pub is_noted: bool,
    pub commits: Vec<&'static str>,
    pub commits_after_person: usize,
    // The cluster.
    pub stored: State,
    live: String,
    synced_at: i64,
    // The process.
    read: Option<(String, bool, bool)>,
    answer: Option<Answer>,
    pub ends: Vec<&'static str>,
    pub is_alarmed: bool,
}

impl World {
    pub fn new(behavior: Behavior, keeps: bool, fault: Option<Fault>, seed: u64) -> Self {
        Self {
            behavior,
            keeps,
            fault,
            dice: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            faults_in_a_hundred: 0,
            person_at: None,
            undone_at: None,
            people: None,
            requests: Vec::new(),
            proposals: Vec::new(),
            ended_at: 0,
            now: 0,
            calls: 0,
            tag: "from".to_owned(),
            is_noted: false,
            commits: Vec::new(),
            commits_after_person: 0,
            stored: State::Idle,
            live: "from".to_owned(),
            synced_at: -10_000,
            read: None,
            answer: None,
            ends: Vec::new(),
            is_alarmed: false,
        }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % sides
    }

    /// A call over a boundary: whether it is done, and whether the process hears of it.
    fn call(&mut self) -> (bool, bool) {
        let at = self.calls;
        self.calls += 1;
        let (is_unlucky, which) = (self.roll(100) < self.faults_in_a_hundred, self.roll(3));
        let fault = self.fault.filter(|fault| fault.at == at).map(|fault| fault.mode);
        let modes = [Mode::Before, Mode::After, Mode::ReplyLost];
        let mode = fault.or(is_unlucky.then_some(modes[usize::try_from(which).unwrap()]));
        match mode {
            None => (true, true),
            Some(Mode::ReplyLost) => (true, false),
            Some(mode) => {
                // What a process remembers dies with it.
                self.read = None;
                self.answer = None;
                (mode == Mode::After, false)
            }
        }
    }

    /// Goes on until the update has ended or somebody was told long enough ago.
    pub fn run(&mut self) {
        let mut last = 0;
        while self.now < 6 * 3600 {
            self.turn();
            last = if self.is_alarmed { last } else { self.now };
            let is_over = self.stored == State::Idle && !self.ends.is_empty();
            if (is_over && self.person_at.is_none()) || self.now - last > 3600 {
                return;
            }
            let pause = i64::try_from(self.roll(20)).unwrap() + 1;
            self.now += pause;
        }
    }

    fn turn(&mut self) {
        if self.person_at.is_some_and(|at| self.now >= at) && self.tag != "person" {
            "person".clone_into(&mut self.tag);
        }
        if self.undone_at.is_some_and(|at| self.now >= at) && self.tag == "to" {
            "from".clone_into(&mut self.tag);
        }
        self.answer_requests();
        if self.behavior != Behavior::NeverSynced && self.live != self.tag && self.roll(4) == 0 {
            self.live.clone_from(&self.tag);
            self.synced_at = self.now;
            self.answer = None;
        }
        if let (true, true) = self.call() {
            self.read = Some((self.tag.clone(), self.is_noted, self.commits.contains(&"bump")));
        }
        let step = step(&self.stored, &self.seen());
        self.is_alarmed = matches!(step.word, Word::Alarm(..));
        if step.state != self.stored {
            if self.call().0 {
                self.stored = step.state;
                self.ended_at = self.now;
                self.ends.extend(step.end.map(|end| match end {
                    End::Confirmed(_) => "confirmed",
                    End::RolledBack(..) => "rolled back",
                    End::Kept(..) => "kept",
                    End::Superseded(_) => "superseded",
                    End::Undone(_) => "undone",
                    End::GivenUp(_) => "given up",
                }));
            }
            return;
        }
        if let Some(effect) = step.effect
            && self.call().0
        {
            self.act(&effect);
        }
    }

    /// People merge what waits for them, or close it.
    fn answer_requests(&mut self) {
        let Some(people) = self.people else { return };
        let patience = if let People::Merge(patience) = people { patience } else { 100 };
        let now = self.now;
        let due = |since: i64| now >= since + patience;
        let due: Vec<Effect> = {
            let open = self.requests.iter_mut().filter(|(_, since, closed)| !closed && due(*since));
            open.map(|(effect, _, closed)| {
                *closed = true;
                effect.clone()
            })
            .collect()
        };
        if matches!(people, People::Merge(_)) {
            due.iter().for_each(|effect| self.act(effect));
        }
    }

    fn proposal(&self, is_bump: bool) -> Option<Proposal> {
        let is_it = |effect: &Effect| matches!(effect, Effect::Bump(_)) == is_bump;
        let mut requests = self.requests.iter().filter(|(effect, ..)| is_it(effect));
        let (_, _, is_closed) = requests.next()?;
        Some(Proposal { place: "https://git.example/1".to_owned(), is_open: !is_closed })
    }

    /// A push is compared with what is there: it changes the tag that it was decided about, or
    /// nothing.
    fn act(&mut self, effect: &Effect) {
        let mut commit = |word| {
            self.commits.push(word);
            self.commits_after_person += usize::from(self.tag == "person");
        };
        match effect {
            Effect::Bump(update) if self.tag == update.from => {
                commit("bump");
                self.tag.clone_from(&update.to);
            }
            Effect::Revert(update, _) if self.tag == update.to => {
                commit("revert");
                self.tag.clone_from(&update.from);
                self.is_noted = true;
            }
            Effect::Note(..) if !self.is_noted => {
                commit("note");
                self.is_noted = true;
            }
            Effect::Propose(inner) => {
                let is_bump = matches!(**inner, Effect::Bump(_));
                if self.proposal(is_bump).is_none() {
                    self.proposals.push(if is_bump { "bump" } else { "return" });
                    self.requests.push((*inner.clone(), self.now, false));
                }
            }
            Effect::Probe if self.behavior == Behavior::DoesNotAnswer => {
                self.answer = Some(Answer::No);
            }
            Effect::Probe => self.answer = Some(Answer::Yes),
            _ => {}
        }
    }

    fn health(&self) -> Health {
        let age = self.now - self.synced_at;
        let ready = Health::Ready { restarts: 0, answer: self.answer };
        let failed = |reason: &str| {
            Health::Failed(Verdict { reason: reason.to_owned(), message: reason.to_owned() })
        };
        let held = Verdict { reason: "Unschedulable".to_owned(), message: "no node".to_owned() };
        if self.live != "to" {
            return if age < 20 { Health::Coming } else { ready };
        }
        match self.behavior {
            _ if age < 10 => Health::Coming,
            Behavior::NeverStarts => Health::Held(held),
            Behavior::GoodAfterAWhileWithoutANode if age < 1500 => Health::Held(held),
            Behavior::Exits if age > 40 => failed("CrashLooping"),
            Behavior::Exits | Behavior::Hangs => Health::Starting,
            _ if age < 30 => Health::Starting,
            Behavior::DiesAfterAMinute if age > 90 => {
                Health::Ready { restarts: 1, answer: self.answer }
            }
            _ => ready,
        }
    }

    fn seen(&self) -> Seen {
        let update = Update { id: "1".to_owned(), from: "from".to_owned(), to: "to".to_owned() };
        let wait = Wait::new(Reason::UpToDate, "nothing is newer");
        // What failed is not taken again, and what a person has set is not asked about here.
        let is_new = self.read.as_ref().is_some_and(|(tag, noted, _)| tag == "from" && !noted);
        Seen {
            now: self.now,
            policy: Policy {
                has_way_back: !self.keeps,
                timeout: 600,
                is_data_safe: true,
                is_proposed: self.people.is_some(),
                is_return_proposed: self.people.is_some(),
            },
            git: self.read.as_ref().map(|(tag, is_noted, is_committed)| InGit {
                tag: tag.clone(),
                hash: tag.clone(),
                is_committed: *is_committed,
                is_noted: *is_noted,
                proposal: self.proposal(true),
                return_proposal: self.proposal(false),
            }),
            next: if is_new { Ok(update) } else { Err(wait) },
            live: Some(self.live.clone()),
            health: self.health(),
        }
    }
}
