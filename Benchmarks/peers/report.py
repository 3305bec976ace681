"""Turns raw runs into the Markdown that goes into the documentation."""

import os
import platform
import statistics
import time

MEASURES = [
    ("wall_seconds", "wall", lambda value: f"{value:.2f} s"),
    ("cpu_seconds", "CPU", lambda value: f"{value:.2f} s"),
    ("rss_bytes_max", "memory", lambda value: f"{value / 1e6:.0f} MB"),
    ("repository_bytes", "repository", lambda value: f"{value / 1e6:,.1f} MB"),
    ("cache_bytes", "cache", lambda value: f"{value / 1e6:,.1f} MB"),
]
# What a phase leaves on disk is only told where it changes.
STORING_PHASES = {"backup", "changed", "prune"}
PHASE_NAMES = {
    "backup": "first backup",
    "unchanged": "unchanged backup",
    "changed": "backup after changes",
    "restore": "restore",
    "verify": "full verify",
    "prune": "forget and prune",
}


def machine(folder):
    """Processor, cores, memory, kernel and file system; nothing that names the host."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    with open("/proc/meminfo", encoding="utf-8") as file:
        memory_bytes = int(file.readline().split()[1]) * 1024
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": memory_bytes,
        "kernel": platform.release(),
        "file_system": _file_system(folder),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def _file_system(folder):
    best = ("", "unknown")
    real = os.path.realpath(folder)
    with open("/proc/mounts", encoding="utf-8") as file:
        for line in file:
            _, point, kind = line.split()[:3]
            prefix = point.rstrip("/") + "/"
            if (real + "/").startswith(prefix) and len(prefix) >= len(best[0]):
                best = (prefix, kind)
    return best[1]


def medians(runs, corpus, phase, tool):
    """measure → median over the rounds, or None where the phase did not run."""
    mine = [r for r in runs if (r["corpus"], r["phase"], r["tool"]) == (corpus, phase, tool)]
    if not mine:
        return None
    return {key: statistics.median(r[key] for r in mine) for key, _, _ in MEASURES}


def markdown(result):
    """The whole report. Ratios are cairn's median over the better peer's: below 1 cairn wins."""
    facts = result["machine"]
    lines = [
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_bytes'] / 1e9:.0f} GB, "
        f"Linux {facts['kernel']}, {facts['file_system']}; {facts['date']}.",
        f"{', '.join(f'{t} {v}' for t, v in result['versions'].items())}. "
        f"Medians of {result['rounds']} interleaved round(s), page cache "
        f"{'dropped' if result['cold'] else 'warmed'} before each phase.",
        "",
    ]
    for corpus in result["corpora"]:
        lines += _corpus(result, corpus)
    lines += ["Command lines:", ""]
    lines += [f"- `{line}`" for line in result["command_lines"]]
    return "\n".join(lines) + "\n"


def _corpus(result, corpus):
    tools = list(result["versions"])
    compared = "cairn" in tools and len(tools) > 1
    lines = [
        f"### {corpus['name']}: {corpus['files']:,} files, {corpus['bytes'] / 1e6:,.0f} MB",
        "",
        "| phase | | " + " | ".join(tools) + (" | cairn / better peer |" if compared else " |"),
        "| --- | --- |" + " ---: |" * (len(tools) + compared),
    ]
    for phase in result["phases"]:
        by_tool = {tool: medians(result["runs"], corpus["name"], phase, tool) for tool in tools}
        title = PHASE_NAMES[phase]
        for key, label, show in MEASURES:
            if key in ("repository_bytes", "cache_bytes") and phase not in STORING_PHASES:
                continue
            cells = [show(by_tool[t][key]) if by_tool[t] else "–" for t in tools]
            if compared:
                cells.append(_ratio(by_tool, key))
            lines.append(f"| {title} | {label} | " + " | ".join(cells) + " |")
            title = ""
    return [*lines, ""]


def _ratio(by_tool, key):
    peers = [value[key] for tool, value in by_tool.items() if tool != "cairn" and value]
    if not by_tool["cairn"] or not peers or min(peers) <= 0:
        return "–"
    ratio = by_tool["cairn"][key] / min(peers)
    # Bold is for what is still a win once rounded.
    return f"**{ratio:.2f}**" if ratio < 0.995 else f"{ratio:.2f}"
