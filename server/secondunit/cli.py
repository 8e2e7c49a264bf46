"""The command line: render, plan, serve, jobs, watch, cancel, engines, deliveries, verify, doctor.

Exit codes: 0 every shot succeeded; 1 some failed, the rest is delivered; 2 the request was refused
before any work; 130 interrupted, and the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from secondunit_client.errors import UnitError

from secondunit import __version__
from secondunit.catalog.deliveries import DELIVERIES
from secondunit.commands import REGISTERED
from secondunit.commands.flags import (
    INTERRUPTED,
    REFUSED,
    SOME_FAILED,
    SUCCEEDED,
    config_of,
    place_flags,
    preview_flag,
    print_json,
    server_flags,
)
from secondunit.errors import Fault, Refused, SecondUnitError
from secondunit.units import Rate


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    try:
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on where it was.", file=sys.stderr)
        return INTERRUPTED
    except SecondUnitError as error:
        return _failed(error.code, str(error), error.remedy, getattr(error, "faults", ()), options)
    except UnitError as error:
        return _failed(error.code, error.message, error.remedy, error.faults, options)


def parser() -> argparse.ArgumentParser:
    """Every command and flag that scripts may rely on."""
    top = argparse.ArgumentParser(
        prog="secondunit",
        description="Makes the shots an edit is missing, and puts them into the edit.",
    )
    top.add_argument("--version", action="version", version=f"secondunit {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Callable[[argparse.Namespace], int], text: str) -> Any:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=command)
        sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
        return sub

    render = add("render", _render, "Make the shots that a timeline asks for and place them.")
    _timeline_flags(render, several=True)
    render.add_argument(
        "--watch",
        type=Path,
        metavar="DIR",
        help="instead of one timeline, render every export that lands in this folder, beside it, "
        "until Ctrl-C; one line for each",
    )
    preview_flag(render)
    render.add_argument(
        "--out",
        type=Path,
        metavar="OUT.otio",
        help="the new timeline (default: NAME.gen.otio beside the original)",
    )
    render.add_argument(
        "--media",
        type=Path,
        metavar="DIR",
        help="folder for the clips (default: NAME.gen beside the new timeline)",
    )
    render.add_argument("--project", default="", metavar="NAME", help="whose cost the work is")
    render.add_argument("--user", default="", metavar="NAME", help="who asks for it")
    render.add_argument(
        "--profile",
        choices=("otio", "resolve", "premiere"),
        default="otio",
        help="the shape of .otio that your host accepts (default: otio); beside it resolve gets a "
        ".fcpxml and an .xml (FCP7), premiere an .xml, by which they relink footage that was moved",
    )
    render.add_argument(
        "--bundle",
        choices=("otioz", "otiod"),
        help="the edit with all its media and takes as one file or folder, too",
    )
    server_flags(render)
    plan = add("plan", _plan, "Say what a render would do, what it would change, what it refuses.")
    _timeline_flags(plan)
    plan.add_argument(
        "--media",
        type=Path,
        metavar="DIR",
        help="folder of the clips made before (default: NAME.gen beside the timeline)",
    )
    server_flags(plan)
    plan.add_argument(
        "--compare",
        action="store_true",
        help="what each engine would make of each control, side by side, and what it would take",
    )
    serve = add("serve", _serve, "Run the server that plugins and other machines' scripts talk to.")
    serve.add_argument("--listen", default="127.0.0.1:50051", metavar="HOST:PORT")
    serve.add_argument(
        "--bridge",
        metavar="HOST:PORT",
        help="where the panel and programs without gRPC reach it; `off`: nowhere "
        "(default: 127.0.0.1:50052, if it is free)",
    )
    serve.add_argument(
        "--metrics",
        metavar="HOST:PORT",
        help="serve Prometheus measures there; a port alone is of this machine (default: nowhere)",
    )
    place_flags(serve)
    add("deliveries", _deliveries, "The deliveries: codecs, containers, bit depths.")
    verify = add("verify", _verify, "Check a returned clip against its sidecar.")
    verify.add_argument("file", type=Path)
    doctor = add(
        "doctor", _doctor, "What this machine or a server has, what it lacks, and what mends it."
    )
    server_flags(doctor)
    for register in REGISTERED:
        register(add)
    train = add("train-motion", _train, "Train the built-in engine on scenes it draws itself.")
    train.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="checkpoints and figures; the same folder goes on where it stopped",
    )
    train.add_argument(
        "--part",
        choices=("transformer", "trajectory"),
        default="transformer",
        help="which network: the one that makes motion, or the one that finds the footage's own",
    )
    train.add_argument("--steps", type=int, default=5000, help="of the transformer")
    train.add_argument(
        "--scenes", type=int, help="how many to draw beforehand (16000; trajectory: 3000)"
    )
    train.add_argument("--batch", type=int, default=16)
    train.add_argument("--minutes", type=float, help="stop after this long")
    train.add_argument("--device", default="auto", help="cpu, cuda, or auto")
    train.add_argument("--threads", type=int, default=0, help="CPU threads (0: torch decides)")
    train.add_argument("--seed", type=int, default=1)
    train.add_argument(
        "--export", type=Path, metavar="DIR", help="write the best weights there when training ends"
    )
    return top


def _timeline_flags(sub: argparse.ArgumentParser, *, several: bool = False) -> None:
    sub.add_argument(
        "timeline",
        type=Path,
        nargs="*" if several else None,
        help="an edit: .otio .otioz .otiod .edl .xml .fcpxml .aaf, or a bin .ale; never changed"
        + ("; of several, each new one goes beside its own" if several else ""),
    )
    sub.add_argument(
        "--rate",
        type=_rate,
        metavar="FPS",
        help="of a timeline that does not say its own, as an .edl: 25, 23.976, 30000/1001",
    )
    sub.add_argument(
        "--sequence", metavar="NAME", help="the one that is meant, of a file that holds several"
    )
    sub.add_argument(
        "--drop-frame", action="store_true", default=None,
        help="timecode drops frames (29.97, 59.94), for a file that does not say so, as an .otio",
    )  # fmt: skip
    sub.add_argument("--engine", help="for every shot; see `secondunit engines`")
    sub.add_argument("--delivery", help="for every shot; see `secondunit deliveries`")
    sub.add_argument(
        "--shot", action="append", default=[], metavar="ID", help="only this shot; may be repeated"
    )
    sub.add_argument("--seed", type=_seed, help="for every shot; another seed is another take")
    sub.add_argument("--draft", action="store_true", help="small and fast, at the delivered size")


def _rate(text: str) -> Rate:
    try:
        rate = Rate.snap(float(Fraction(text)))
    except (ValueError, ZeroDivisionError):
        what = f"{text} is no rate such as 25, 23.976, 30000/1001"
        raise argparse.ArgumentTypeError(what) from None
    if not 1 <= rate.nominal < 1000:
        raise argparse.ArgumentTypeError(f"{text} frames per second are none that an edit has")
    return rate


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**63:
        raise argparse.ArgumentTypeError(f"{text} is no seed; seeds go from 0 to {2**63 - 1}")
    return seed


def _failed(
    code: str, message: str, remedy: str, faults: Iterable[Any], options: argparse.Namespace
) -> int:
    if options.json:
        print_json(
            {
                "shots": [],
                "faults": [{"what": f.what, "path": f.path} for f in faults],
                "error": {"code": code, "message": message, "remedy": remedy},
            }
        )
    else:
        print(message, file=sys.stderr)
        print(f"What to do: {remedy}", file=sys.stderr)
    begun = getattr(options, "begun", False)
    return SOME_FAILED if begun or code == "INTERNAL" else REFUSED


def _render(options: argparse.Namespace) -> int:
    from secondunit.batch import batch
    from secondunit.session import render, watch

    if bool(options.timeline) == (options.watch is not None):
        raise Refused.single("a render is of timelines, or of a folder (--watch DIR)", "render")
    options.many = len(options.timeline) > 1
    if options.watch is not None or options.many:
        _check_several(options)
    if options.watch is not None:
        watch(config_of(options), options)
    if options.many:
        records = batch(config_of(options), options)
        if options.json:
            print_json(records)
        return _worst(records["timelines"])
    (options.timeline,) = options.timeline
    record = render(config_of(options), options)
    if options.json:
        print_json(record)
    return SUCCEEDED if all(s["state"] == "succeeded" for s in record["shots"]) else SOME_FAILED


def _worst(records: Sequence[dict[str, Any]]) -> int:
    """Of several timelines: nothing was begun, something failed, or all is well."""
    if all(record["error"] is not None for record in records):
        return REFUSED
    good = all(
        record["error"] is None and all(s["state"] == "succeeded" for s in record["shots"])
        for record in records
    )
    return SUCCEEDED if good else SOME_FAILED


def _check_several(options: argparse.Namespace) -> None:
    """Raises Refused for flags that mean one timeline."""
    given = {"--out": options.out, "--media": options.media, "--shot": options.shot,
             "--preview": options.preview}  # fmt: skip
    faults = [
        Fault(what="it is of one timeline; of several, each new one goes beside its own", path=flag)
        for flag, value in given.items()
        if value
    ]  # fmt: skip
    if faults:
        raise Refused(faults)


def _plan(options: argparse.Namespace) -> int:
    from secondunit.session import plan

    record = plan(config_of(options), options)
    if options.json:
        print_json(record)
    return REFUSED if record["faults"] else SUCCEEDED


def _serve(options: argparse.Namespace) -> int:
    from secondunit.app import serve_forever

    config = config_of(options)
    if options.metrics is not None:
        config = replace(config, metrics=options.metrics)
    serve_forever(config, options.listen, bridge="" if options.bridge == "off" else options.bridge)
    return SUCCEEDED


def _deliveries(options: argparse.Namespace) -> int:
    import av

    from secondunit.catalog.deliveries import DEFAULT

    rows = [
        {
            "name": row.name,
            "title": row.title,
            "suffix": row.suffix,
            "exact": row.exact,
            "default": row.name == DEFAULT,
            "available": row.codec in av.codecs_available,
        }
        for row in DELIVERIES.values()
    ]
    if options.json:
        print_json({"deliveries": rows})
        return SUCCEEDED
    for row in rows:
        marks = ["default"] * row["default"] + ["lossless"] * row["exact"]
        marks += [] if row["available"] else ["not in this build of PyAV"]
        print(f"{row['name']:20} {row['title']}{f'  ({chr(44).join(marks)})' if marks else ''}")
    return SUCCEEDED


def _verify(options: argparse.Namespace) -> int:
    from secondunit.verify import verify

    record = verify(options.file)
    if options.json:
        print_json(record)
    else:
        for name, entry in record["checks"].items():
            print(f"{'ok  ' if entry['pass'] else 'FAIL'}  {name}: {entry['measured']}")
    return SUCCEEDED if record["pass"] else SOME_FAILED


def _doctor(options: argparse.Namespace) -> int:
    from secondunit.doctor import examine, examine_server

    config = config_of(options)
    if options.server:
        from secondunit.session import connected

        with connected(config, options) as unit:
            found = list(examine_server(unit))
    else:
        found = list(examine(config))
    healthy = all(f.ok for f in found)
    if options.json:
        rows = [
            {"subject": f.subject, "ok": f.ok, "found": f.found, "mend": "" if f.ok else f.mend}
            for f in found
        ]
        print_json({"healthy": healthy, "findings": rows})
        return SUCCEEDED if healthy else SOME_FAILED
    for finding in found:
        print(f"{'ok  ' if finding.ok else 'MISS'}  {finding.subject:28} {finding.found}")
        if not finding.ok:
            print(f"{'':34} mend: {finding.mend}")
    return SUCCEEDED if healthy else SOME_FAILED


def _train(options: argparse.Namespace) -> int:
    from secondunit.errors import EngineMissing

    try:
        from secondunit.engine.motion import trajectory_train
        from secondunit.engine.motion.train import export, train
    except ImportError as missing:
        raise EngineMissing(f"training needs the engine packages: {missing}") from missing
    if options.part == "trajectory":
        kept = trajectory_train.train(
            options.out,
            minutes=options.minutes or 60,
            seed=options.seed,
            scenes=options.scenes or trajectory_train.SCENES_DRAWN,
            progress=print,
        )
        if options.export:
            trajectory_train.export(kept, options.export)
            print(f"Weights written to {options.export}")
        return SUCCEEDED
    best = train(
        options.out,
        steps=options.steps,
        batch=options.batch,
        device=options.device,
        minutes=options.minutes,
        samples=options.scenes or 16000,
        seed=options.seed,
        threads=options.threads,
        progress=print,
    )
    if options.export:
        export(best, options.export, scenes=options.out / "scenes")
        print(f"Weights written to {options.export}")
    return SUCCEEDED
