"""The protos are the API's reference: generated code matches them, and all of it is explained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pb2

REPOSITORY = Path(__file__).resolve().parent.parent
PROTO = REPOSITORY / "proto"
CODES = {code.name for code in grpc.StatusCode}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> list[descriptor_pb2.FileDescriptorProto]:
    """Every proto of ours as a descriptor that still has its comments."""
    protoc = pytest.importorskip("grpc_tools.protoc")
    out = tmp_path_factory.mktemp("descriptors") / "all.binpb"
    protos = sorted(str(p.relative_to(PROTO)) for p in PROTO.rglob("*.proto"))
    include = Path(protoc.__file__).parent / "_proto"
    code = protoc.main(
        ["protoc", f"-I{PROTO}", f"-I{include}", "--include_source_info",
         f"--descriptor_set_out={out}", *protos]
    )  # fmt: skip
    assert code == 0
    return list(descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file)


def test_the_committed_code_is_what_the_protos_generate(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools")
    subprocess.run([sys.executable, str(PROTO / "generate.py"), str(tmp_path)], check=True)
    committed = REPOSITORY / "server" / "secondunit" / "v1"
    made = {p.name: p.read_text() for p in (tmp_path / "secondunit" / "v1").iterdir()}
    kept = {p.name: p.read_text() for p in committed.glob("*_pb2*.py*")}
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []


def _comments(file: descriptor_pb2.FileDescriptorProto) -> dict[tuple[int, ...], str]:
    return {
        tuple(location.path): location.leading_comments.strip()
        for location in file.source_code_info.location
    }


def _message(
    message: descriptor_pb2.DescriptorProto, path: tuple[int, ...], name: str
) -> dict[tuple[int, ...], str]:
    # Numbers of the lists inside DescriptorProto: 2 field, 3 nested type, 4 enum, 8 oneof.
    named = {path: name}
    for i, field in enumerate(message.field):
        named[*path, 2, i] = f"{name}.{field.name}"
    for i, oneof in enumerate(message.oneof_decl):
        if not oneof.name.startswith("_"):  # `optional` makes an invisible one
            named[*path, 8, i] = f"{name}.{oneof.name}"
    for i, nested in enumerate(message.nested_type):
        named |= _message(nested, (*path, 3, i), f"{name}.{nested.name}")
    return named


def _named(file: descriptor_pb2.FileDescriptorProto) -> dict[tuple[int, ...], str]:
    # In FileDescriptorProto: 4 message, 5 enum, 6 service.
    named: dict[tuple[int, ...], str] = {}
    for i, message in enumerate(file.message_type):
        named |= _message(message, (4, i), message.name)
    for i, enum in enumerate(file.enum_type):
        named[5, i] = enum.name
        for j, value in enumerate(enum.value):
            named[5, i, 2, j] = value.name
    for i, service in enumerate(file.service):
        named[6, i] = service.name
        for j, method in enumerate(service.method):
            named[6, i, 2, j] = f"{service.name}.{method.name}"
    return named


def test_every_message_field_enum_value_and_rpc_has_a_comment(
    described: list[descriptor_pb2.FileDescriptorProto],
) -> None:
    bare = [
        f"{file.name}: {name}"
        for file in described
        for path, name in _named(file).items()
        if not _comments(file).get(path)
    ]
    assert bare == []
    assert sum(len(_named(file)) for file in described) > 300


def test_every_rpc_comment_ends_with_its_status_codes(
    described: list[descriptor_pb2.FileDescriptorProto],
) -> None:
    for file in described:
        comments = _comments(file)
        for i, service in enumerate(file.service):
            for j, method in enumerate(service.method):
                last = comments[6, i, 2, j].split("\n\n")[-1]
                starts = [line.strip().split(":")[0] for line in last.splitlines()]
                codes = [word for word in starts if word in CODES]
                assert starts[0] in CODES, f"{service.name}.{method.name}"
                assert {"UNAVAILABLE", "INTERNAL"} <= set(codes), f"{service.name}.{method.name}"


def test_requests_and_responses_belong_to_one_rpc_and_enums_have_a_prefix(
    described: list[descriptor_pb2.FileDescriptorProto],
) -> None:
    seen: list[str] = []
    for file in described:
        assert file.package == "secondunit.v1"
        for service in file.service:
            assert service.name.endswith("Service")
            for method in service.method:
                assert method.input_type == f".secondunit.v1.{method.name}Request"
                assert method.output_type == f".secondunit.v1.{method.name}Response"
                seen += [method.input_type, method.output_type]
        for enum in file.enum_type:
            upper = "".join("_" + c if c.isupper() else c for c in enum.name).lstrip("_").upper()
            assert enum.value[0].name == f"{upper}_UNSPECIFIED"
            assert all(value.name.startswith(upper + "_") for value in enum.value)
    assert len(seen) == len(set(seen))
