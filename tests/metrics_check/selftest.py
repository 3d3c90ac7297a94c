#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows that check.py sees every kind of difference.

tests/metrics_check/selftest.py DUMP

Makes a folder of facts out of the table itself, which has to pass, plants one
fault after the other in it, and expects the check to fail and to name the
metric. Then the same for the list of wanted differences.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
CHECK = HERE / "check.py"
COLUMNS = {"metric_facts.tsv": "namespace metric unit recommended_statistics "
                               "dimension_sets alarm_recommendations",
           "metric_dimensions.tsv": "namespace metric default_statistic "
                                    "dimension_sets"}


def facts_of(dump):
    rows = []
    for line in pathlib.Path(dump).read_text(encoding="utf-8").splitlines():
        cells = line.split("\t")
        if cells[0]:
            rows.append(cells[:5] + [[]])
        else:
            rows[-1][5].append({
                "statistic": cells[1], "period": int(cells[2]),
                "evaluationPeriods": int(cells[3]),
                "datapointsToAlarm": int(cells[4]),
                "comparisonOperator": cells[5],
                "staticThreshold": float(cells[6]) if cells[6] else None,
                "treatMissingData": cells[7],
                "dimensions": cells[8].split("+") if cells[8] else []})
    return rows


def write(folder, rows, only_sets):
    """Rows into the first file; those of only_sets into the second."""
    for name, columns in COLUMNS.items():
        first = name == "metric_facts.tsv"
        lines = ["\t".join(columns.split())]
        for row in rows:
            if (row[1] in only_sets) == first:
                continue
            lines.append("\t".join(row[:5] + [json.dumps(row[5])]) if first
                         else "\t".join([row[0], row[1], row[3], row[4]]))
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def check(dump, folder, meant):
    done = subprocess.run([sys.executable, CHECK, dump, folder, meant],
                          stdout=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stdout


def faults():
    """Name, metric that has to be named, and what plants it."""
    def change(column, value):
        return lambda rows, row: row.__setitem__(column, value)

    def alarm(key, value):
        return lambda rows, row: row[5][0].__setitem__(key, value)

    yield "unit", "CPUUtilization", change(2, "Count")
    yield "statistics", "CPUUtilization", change(3, "Sum")
    yield "missing set", "CPUUtilization", change(4, "InstanceId;Nope")
    yield "further set", "CPUUtilization", change(4, "InstanceId")
    yield "threshold", "CPUUtilization", alarm("staticThreshold", 81.0)
    yield "no threshold", "CPUUtilization", alarm("staticThreshold", None)
    yield "period", "CPUUtilization", alarm("period", 60)
    yield "dimensions", "CPUUtilization", alarm("dimensions", [])
    yield "no alarm", "CPUUtilization", change(5, [])
    yield "missing metric", "Nope", lambda rows, row: rows.append(
        [row[0], "Nope", "", "", "", []])
    yield "further metric", "CPUUtilization", lambda rows, row: rows.remove(
        row)
    yield "default statistic", "DiskReadOps", lambda rows, row: [
        change(3, "Maximum")(rows, r) for r in rows if r[1] == "DiskReadOps"]


def main(dump):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        meant = folder / "meant.tsv"
        meant.write_text("", encoding="utf-8")
        write(folder, facts_of(dump), set())
        code, text = check(dump, folder, meant)
        assert code == 0, text
        for what, metric, plant in faults():
            rows = facts_of(dump)
            row = next(r for r in rows if r[:2] == ["AWS/EC2",
                                                    "CPUUtilization"])
            plant(rows, row)
            write(folder, rows, {"DiskReadOps"} if what ==
                  "default statistic" else set())
            code, text = check(dump, folder, meant)
            assert code == 1 and metric in text, (what, text)
        # A difference that is meant, and one that is gone.
        rows = facts_of(dump)
        row = next(r for r in rows if r[:2] == ["AWS/EC2", "CPUUtilization"])
        row[2] = "Count"
        write(folder, rows, set())
        meant.write_text("unit\tAWS/EC2\tCPU*\tPercent\tbecause\n",
                         encoding="utf-8")
        code, text = check(dump, folder, meant)
        assert code == 0, text
        row[2] = "Percent"
        write(folder, rows, set())
        code, text = check(dump, folder, meant)
        assert code == 1 and "fits no difference" in text, text
    print("metrics-check: sees every kind of difference")


if __name__ == "__main__":
    main(*sys.argv[1:])
