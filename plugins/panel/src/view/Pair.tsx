/** The first thing that is asked: the code that the server showed. */
import { useSignal } from "@preact/signals";

import type { Session } from "../link/session";

export function Pair({ session }: { readonly session: Session }) {
  const words = useSignal("");
  const said = useSignal("");
  const pair = (event: Event): void => {
    event.preventDefault();
    session.enter(words.value).catch((error: unknown) => {
      said.value = error instanceof Error ? error.message : String(error);
    });
  };
  return (
    <form class="pair" onSubmit={pair}>
      <h1>Second Unit</h1>
      <label for="code">Code from the server, or a token</label>
      <input
        id="code"
        autocomplete="off"
        spellcheck={false}
        value={words}
        onInput={(event) => (words.value = event.currentTarget.value)}
      />
      <button type="submit">Pair</button>
      <p class="quiet">
        <code>secondunit serve</code> shows a code when it starts; <code>secondunit pair</code> shows
        a new one.
      </p>
      {said.value !== "" && (
        <p class="fault" role="alert">
          {said}
        </p>
      )}
    </form>
  );
}
