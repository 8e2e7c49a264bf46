/** A token of the server for a code that it showed. */
import { Refusal } from "./refusal";

/** What is used of `fetch`. */
export type Fetching = (
  url: string,
  asked: { readonly method: string; readonly headers: Record<string, string>; readonly body: string },
) => Promise<{ json(): Promise<unknown> }>;

/** Throws Refusal, with the server's own words where it has some. */
export async function pair(server: string, code: string, name: string, fetching: Fetching): Promise<string> {
  const asked = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ code, name }) };
  const answer = await fetching(`${server}/pair`, asked).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal("HOST", `The server cannot be reached from here: ${why}`, "Start it, then try again.", true);
  });
  const said = (await answer.json()) as { readonly token?: string; readonly message?: string };
  if (said.token !== undefined) return said.token;
  throw new Refusal("HOST", said.message ?? "The code was not taken.", "Run `secondunit pair` for a new one.");
}
