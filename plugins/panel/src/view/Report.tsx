/** The control report: what was asked, what came out, whether it passes. */
import type { JsonValue } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { ValueSchema, type Value } from "@bufbuild/protobuf/wkt";

import type { Take } from "../proto/secondunit/v1/deliveries_pb";

const CONTROLS: Readonly<Record<string, string>> = {
  A: "Alpha", B: "Strokes", C: "Camera", E: "Colour", F: "Flicker", G: "Grain", K: "Keyframes",
  L: "Loop", M: "Mask", R: "Repeatable", S: "Speed", T: "Delivery", X: "Seam",
};

export function Report({ take }: { readonly take: Take }) {
  if (take.report.length === 0) return <p class="quiet">This take has no control report.</p>;
  return (
    <table class="report">
      <caption>Control report</caption>
      <thead>
        <tr><th scope="col">Control</th><th scope="col">Asked</th><th scope="col">Came out</th><th scope="col">Result</th></tr>
      </thead>
      <tbody>
        {take.report.map(({ control, asked, measured, pass }) => (
          <tr key={control} data-pass={pass}>
            <th scope="row">{CONTROLS[control] ?? control}</th>
            <td>{words(asked)}</td>
            <td>{words(measured)}</td>
            <td class={pass ? "good" : "fault"}>{pass ? "pass" : "fail"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function words(value: Value | undefined): string {
  return value === undefined ? "" : said(toJson(ValueSchema, value));
}

/** Numbers by name on one line; what is nested deeper, or a digest, is the sidecar's to tell. */
function said(value: JsonValue): string {
  if (value === null) return "";
  if (typeof value === "number") return `${Math.round(value * 1000) / 1000}`;
  if (typeof value === "string") return value.length > 40 ? `${value.slice(0, 8)}…` : value;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.length > 4 ? `${value.length} of them` : value.map(said).join(" / ");
  return Object.entries(value)
    .filter(([, one]) => typeof one !== "object" || Array.isArray(one))
    .map(([name, one]) => `${name.replaceAll("_", " ")} ${said(one)}`)
    .join(", ");
}
