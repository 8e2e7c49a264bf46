/** The panel as a whole: who we are to the server decides what is seen. */
import { useEffect } from "preact/hooks";

import type { Session } from "../link/session";
import { Pair } from "./Pair";

export function App({ session }: { readonly session: Session }) {
  useEffect(() => {
    const code = /^#pair=(\d+)$/.exec(window.location.hash)?.[1];
    if (code !== undefined) history.replaceState(null, "", window.location.pathname);
    void (code === undefined ? session.begin() : session.enter(code).catch(() => session.begin()));
  }, [session]);
  const standing = session.standing.value;
  if (standing === "stranger") return <Pair session={session} />;
  return (
    <p class="quiet" role="status">
      {standing === "away" ? "The server does not answer." : "Second Unit"}
    </p>
  );
}
