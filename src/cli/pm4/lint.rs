//! `pm4 lint`.

use clap::ValueEnum;
use serde_json::{Value, json};
use sparkle_pm4::pm4::lint::{self, Finding, RULES, Report, Rule, Severity};
use sparkle_pm4::pm4::submission::{Ring, Submission};
use sparkle_pm4::pm4::{Item, Listing, decode};

use super::hanging;
use super::input::{Input, Source, shorten};
use crate::cli::failure::Reported;
use crate::cli::{Failure, Output, Style, exit, wrap};

/// Name of the form of `pm4 lint --json`.
const SCHEMA: &str = "sparkle-pm4/pm4-lint/1";
/// Name of the form of `pm4 lint --rules --json` and `--explain`.
const RULES_SCHEMA: &str = "sparkle-pm4/pm4-rules/1";
/// Lines of a packet's listing that a finding shows at most.
const LINES: usize = 10;

/// Arguments of `pm4 lint`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// Findings that count as errors, beside errors.
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// Tell what a rule is about, and read no stream.
    #[arg(long, value_name = "PM4-nnn", conflicts_with_all = ["file", "rules"])]
    explain: Option<String>,
    /// List the rules, and read no stream.
    #[arg(long, conflicts_with = "file")]
    rules: bool,
}

/// What `--deny` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Warnings.
    Warnings,
}

/// Runs it.
pub fn run(args: &Args, out: &Output) -> anyhow::Result<()> {
    if let Some(id) = &args.explain {
        return explain(id, out);
    }
    if args.rules {
        return rules(out);
    }
    let input = args.source.read()?;
    let report = lint::lint(&input.submission);
    let least = if args.deny.is_some() { Severity::Warning } else { Severity::Error };
    let failure = failure(&input, &report, least);
    if out.json {
        out.document(&document(&input, &report, failure.as_ref()))?;
        return failure.map_or(Ok(()), |failure| Err(Reported(failure).into()));
    }
    text(&input, &report, out)?;
    failure.map_or(Ok(()), |failure| Err(failure.into()))
}

fn count(report: &Report, severity: Severity) -> usize {
    report.findings().iter().filter(|f| f.rule.severity == severity).count()
}

fn plural(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// The verdict as a failure, where there is a finding of `least` or worse.
fn failure(input: &Input, report: &Report, least: Severity) -> Option<Failure> {
    let mut bad: Vec<&Finding> = report.findings().iter().filter(|f| f.rule.severity >= least).collect();
    // The worst first.
    bad.sort_by_key(|f| std::cmp::Reverse(f.rule.severity));
    let first = bad.first()?;
    let what = match first.rule.severity {
        Severity::Error => plural(count(report, Severity::Error), "error"),
        _ => plural(bad.len(), "denied warning"),
    };
    Some(Failure {
        exit: exit::LINT,
        code: "pm4-lint".into(),
        what: format!("{}: the linter found {what}", input.name),
        evidence: format!("the first is {first}"),
        next: format!("{}; `--explain {}` says more", lower(first.rule.fix.trim_end_matches('.')), first.rule.id),
    })
}

/// A sentence as the part of one: acronyms and names keep their capitals.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

fn style(severity: Severity) -> Style {
    match severity {
        Severity::Error => Style::Bad,
        Severity::Warning => Style::Head,
        Severity::Note => Style::Faint,
    }
}

fn text(input: &Input, report: &Report, out: &Output) -> anyhow::Result<()> {
    let submission = &input.submission;
    let packets: Vec<Vec<Item<'_>>> = submission.ibs.iter().map(|ib| decode(&ib.words).collect()).collect();
    let mut told: Vec<&str> = Vec::new();
    let mut place = (None, None);
    for finding in report.findings() {
        let severity = finding.rule.severity;
        let head = wrap(&finding.to_string(), out.width, "  ");
        out.text(&head.replacen(severity.name(), &out.paint(style(severity), severity.name()), 1))?;
        // Several findings about one dword share its listing.
        if std::mem::replace(&mut place, (finding.ib, finding.offset)) != (finding.ib, finding.offset) {
            for line in packet_lines(submission, &packets, finding) {
                out.line(line)?;
            }
        }
        // What a rule is about is told once.
        if !told.contains(&finding.rule.id) {
            told.push(finding.rule.id);
            out.text(&rule_text(finding.rule, out.width))?;
        }
        out.line("")?;
    }
    let counts = [Severity::Error, Severity::Warning, Severity::Note];
    let counts = counts.map(|severity| plural(count(report, severity), severity.name())).join(", ");
    let dwords: usize = submission.ibs.iter().map(|ib| ib.words.len()).sum();
    let (dwords, ibs) = (plural(dwords, "dword"), plural(submission.ibs.len(), "IB"));
    let summary = format!("{counts} in {dwords}, {ibs} ({}, {})", submission.ring, submission.gfx);
    Ok(out.text(&wrap(&summary, out.width, "  "))?)
}

fn rule_text(rule: &Rule, width: usize) -> String {
    let why = wrap(&format!("  why: {}", rule.explanation), width, "       ");
    why + &wrap(&format!("  fix: {}", rule.fix), width, "       ")
}

/// The listing of the packet that a finding is about: all of it, or its first lines and the dword.
fn packet_lines(submission: &Submission, packets: &[Vec<Item<'_>>], finding: &Finding) -> Vec<String> {
    let (Some(ib), Some(offset)) = (finding.ib, finding.offset) else { return Vec::new() };
    if submission.ring == Ring::Sdma {
        return Vec::new();
    }
    let (Some(ib), Some(items)) = (submission.ibs.get(ib), packets.get(ib)) else { return Vec::new() };
    let Some(item) = items.partition_point(|i| i.offset <= offset).checked_sub(1).map(|i| &items[i]) else {
        return Vec::new();
    };
    let text = Listing::new(&ib.words, None).packet(item);
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).map(|line| cut(&line)).collect();
    if lines.len() <= LINES {
        return lines;
    }
    // A dword's own line begins with its number, lines that go on with spaces.
    let starts = |line: &String| line.get(2..7).and_then(|n| n.trim().parse::<usize>().ok());
    let from = lines.iter().position(|line| starts(line) == Some(offset)).unwrap_or(0);
    let until =
        lines.iter().skip(from + 1).position(|line| starts(line).is_some()).map_or(lines.len(), |n| from + 1 + n);
    let mut shown = lines[..2].to_vec();
    if from > 2 {
        shown.push("      …".into());
    }
    shown.extend(lines[from.max(2)..until.max(2).min(from.max(2) + LINES)].iter().cloned());
    if until < lines.len() {
        shown.push("      …".into());
    }
    shown
}

/// The listing keeps to 80 columns without the indent: where a line uses them all, it starts at the margin.
fn cut(line: &str) -> String {
    if line.chars().count() > 80 { line[2..].to_owned() } else { line.to_owned() }
}

fn finding_json(finding: &Finding, submission: &Submission) -> Value {
    let ib = finding.ib.and_then(|ib| submission.ibs.get(ib));
    let va =
        ib.and_then(|ib| ib.va).zip(finding.offset).map(|(va, at)| format!("{:#x}", va.wrapping_add(4 * at as u64)));
    json!({
        "id": finding.rule.id,
        "severity": finding.rule.severity.name(),
        "ib": finding.ib,
        "dword": finding.offset,
        "va": va,
        "message": finding.message,
        "title": finding.rule.title,
        "explanation": finding.rule.explanation,
        "fix": finding.rule.fix,
    })
}

fn document(input: &Input, report: &Report, failure: Option<&Failure>) -> Value {
    let submission = &input.submission;
    json!({
        "schema": SCHEMA,
        "file": input.name,
        "ring": submission.ring.name(),
        "gfx": submission.gfx.name(),
        "ibs": submission.ibs.len(),
        "dwords": submission.ibs.iter().map(|ib| ib.words.len()).sum::<usize>(),
        "findings": report.findings().iter().map(|f| finding_json(f, submission)).collect::<Vec<_>>(),
        "counts": {
            "error": count(report, Severity::Error),
            "warning": count(report, Severity::Warning),
            "note": count(report, Severity::Note),
        },
        "error": failure.map_or(Value::Null, Failure::document),
    })
}

fn rule_json(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "severity": rule.severity.name(),
        "title": rule.title,
        "explanation": rule.explanation,
        "fix": rule.fix,
    })
}

fn explain(id: &str, out: &Output) -> anyhow::Result<()> {
    let Some(rule) = RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id)) else {
        return Err(Failure::usage(
            format!("there is no rule {:?}", shorten(id)),
            format!("there are {} rules, {} to {}", RULES.len(), RULES[0].id, RULES[RULES.len() - 1].id),
            "`sparkle-pm4 pm4 lint --rules` lists them",
        )
        .into());
    };
    if out.json {
        return Ok(out.document(&json!({ "schema": RULES_SCHEMA, "rules": [rule_json(rule)] }))?);
    }
    out.text(&wrap(&format!("{} {}: {}", rule.severity, rule.id, rule.title), out.width, "  "))?;
    Ok(out.text(&rule_text(rule, out.width))?)
}

fn rules(out: &Output) -> anyhow::Result<()> {
    if out.json {
        let rules: Vec<Value> = RULES.iter().map(|rule| rule_json(rule)).collect();
        return Ok(out.document(&json!({ "schema": RULES_SCHEMA, "rules": rules }))?);
    }
    for rule in RULES {
        let lead = format!("{} {:<8}", rule.id, rule.severity.name());
        out.text(&hanging(&lead, rule.title, out.width))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_becomes_a_part_of_one() {
        assert_eq!(lower("Derive the count"), "derive the count");
        assert_eq!(lower("LDS is 64 KiB"), "LDS is 64 KiB");
        assert_eq!(lower(""), "");
    }

    #[test]
    fn every_rule_has_its_texts() {
        for rule in RULES {
            assert!(!rule.title.is_empty() && !rule.explanation.is_empty() && !rule.fix.is_empty(), "{}", rule.id);
            assert!(rule_text(rule, 80).lines().all(|line| line.chars().count() <= 80), "{}", rule.id);
        }
    }
}
