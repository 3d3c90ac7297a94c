#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the compiled metric table with a folder of facts.

tests/metrics_check/check.py DUMP FACTS MEANT

DUMP is what tests/metrics_check/dump prints. FACTS holds two tables, columns
by tabs under a line of names:

  metric_facts.tsv       namespace, metric, unit, recommended statistics,
                         dimension sets, alarms as JSON
  metric_dimensions.tsv  namespace, metric, default statistic, dimension sets

Every metric of both has to be in the table, with the unit and statistics that
the facts give (empty: they do not know, so anything goes), every dimension set
of both files and no other where they know any (the order within a set does not
matter), and exactly the alarms of the facts in their order. The table has no
further metric. Where a metric is only in the second file, its default
statistics are the table's.

MEANT lists the differences that are wanted: kind, namespace, metric, value
(shell patterns) and the reason, by tabs. A line there that fits nothing is a
difference, too. Prints what differs; exits 1 when anything does.
"""
import fnmatch
import json
import pathlib
import re
import sys

COLUMNS = {
    "metric_facts.tsv": ["namespace", "metric", "unit",
                         "recommended_statistics", "dimension_sets",
                         "alarm_recommendations"],
    "metric_dimensions.tsv": ["namespace", "metric", "default_statistic",
                              "dimension_sets"],
}


def words(text, separator):
    return [w for w in text.split(separator) if w]


def sets(text):
    """Dimension sets without the order of their names."""
    return {"+".join(sorted(s.split("+"))) for s in words(text, ";")}


def statistics(text):
    """Any percentile counts as all of them."""
    return [re.sub(r"^p[0-9.]+$", "p*", s) for s in words(text, ",")]


def number(text):
    return None if text in ("", None) else float(text)


def read_dump(path):
    table = {}
    row = None
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if cells[0]:
            row = {"unit": cells[2], "statistics": statistics(cells[3]),
                   "sets": sets(cells[4]), "alarms": []}
            table[cells[0], cells[1]] = row
        else:
            row["alarms"].append(
                (cells[1], int(cells[2]), int(cells[3]), int(cells[4]),
                 cells[5], number(cells[6]), cells[7], cells[8]))
    return table


def read_tsv(folder, name):
    lines = (pathlib.Path(folder) / name).read_text(
        encoding="utf-8").splitlines()
    if lines[0].split("\t") != COLUMNS[name]:
        sys.exit(f"{name}: not the columns {COLUMNS[name]}")
    for line in lines[1:]:
        yield (line + "\t" * len(COLUMNS[name])).split("\t")


def alarms_of(text):
    return [(a["statistic"], a["period"], a["evaluationPeriods"],
             a["datapointsToAlarm"], a["comparisonOperator"],
             number(a["staticThreshold"]), a["treatMissingData"],
             "+".join(a["dimensions"]))
            for a in json.loads(text or "[]")]


def read_facts(folder):
    facts = {}
    for cells in read_tsv(folder, "metric_facts.tsv"):
        facts[cells[0], cells[1]] = {
            "unit": cells[2], "statistics": statistics(cells[3]),
            "sets": sets(cells[4]), "alarms": alarms_of(cells[5])}
    for cells in read_tsv(folder, "metric_dimensions.tsv"):
        key = cells[0], cells[1]
        row = facts.setdefault(key, {"unit": "", "statistics": [],
                                     "sets": set(), "alarms": [],
                                     "defaults": set()})
        row["sets"] |= sets(cells[3])
        if "defaults" in row:
            row["defaults"] |= set(statistics(cells[2]))
    return facts


def differences(table, facts):
    """Yields kind, namespace, metric, value and a sentence."""
    for key in sorted(set(table) | set(facts)):
        ours, fact = table.get(key), facts.get(key)
        if ours is None:
            yield "missing", *key, "", "is not in the table"
            continue
        if fact is None:
            yield "metric", *key, "", "is in the table only"
            continue
        if fact["unit"] not in ("", ours["unit"]):
            yield ("unit", *key, ours["unit"],
                   f"unit {ours['unit'] or 'unknown'}, not {fact['unit']}")
        wanted = fact["statistics"]
        if wanted and ours["statistics"] != wanted:
            yield ("statistics", *key, ",".join(ours["statistics"]),
                   f"statistics {ours['statistics']}, not {wanted}")
        defaults = fact.get("defaults", set())
        if defaults and set(ours["statistics"]) != defaults:
            yield ("statistics", *key, ",".join(ours["statistics"]),
                   f"statistics {ours['statistics']}, not {defaults}")
        for value in sorted(fact["sets"] - ours["sets"]):
            yield "set-missing", *key, value, f"lacks the set {value}"
        for value in sorted(ours["sets"] - fact["sets"]):
            if fact["sets"]:
                yield "set-extra", *key, value, f"has the set {value} besides"
        if ours["alarms"] != fact["alarms"]:
            yield ("alarms", *key, "",
                   f"alarms {ours['alarms']}, not {fact['alarms']}")


def read_meant(path):
    rules = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            cells = line.split("\t")
            if len(cells) != 5 or not cells[4]:
                sys.exit(f"{path}: not five columns: {line}")
            rules.append(cells)
    return rules


def main(dump, folder, meant):
    table, facts = read_dump(dump), read_facts(folder)
    rules = read_meant(meant)
    used = set()
    bad = 0
    for kind, namespace, metric, value, text in differences(table, facts):
        fitting = [i for i, rule in enumerate(rules) if rule[0] == kind and
                   all(fnmatch.fnmatchcase(*pair) for pair in
                       zip((namespace, metric, value), rule[1:4]))]
        used.update(fitting)
        if not fitting:
            print(f"{namespace} {metric}: {text}")
            bad += 1
    for i, rule in enumerate(rules):
        if i not in used:
            print(f"{meant}: fits no difference: {' '.join(rule[:4])}")
            bad += 1
    print(f"{len(table)} metrics, {len(facts)} in the facts, "
          f"{bad} differences that are not meant")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
