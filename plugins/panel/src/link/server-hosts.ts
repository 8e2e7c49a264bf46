/** Editing programs that are attached to the server. */
import { create } from "@bufbuild/protobuf";
import { effect, signal, type Signal } from "@preact/signals";

import {
  GetContextSchema,
  HostAbility,
  HostService,
  WatchHostsRequestSchema,
  WatchHostsResponseSchema,
  type Host,
  type HostContext,
} from "../proto/secondunit/v1/hosts_pb";
import { answerOf, can, HostTrouble, type Answer, type Ask, type HostLink } from "./host";
import { backoff, pause } from "./pause";
import type { Session } from "./session";
import { stream } from "./stream";

/** Of programs that do not say by themselves when something has changed. */
const LOOK_MILLISECONDS = 3000;

export function serverHosts(session: Session): HostLink {
  const hosts: Signal<readonly Host[]> = signal([]);
  const chosen = signal("");
  const context = signal<HostContext | undefined>(undefined);
  const trouble = signal("");
  const client = session.client(HostService);

  const ask = async (asked: Ask): Promise<Answer> => {
    const { reply } = await client.callHost({ hostId: chosen.peek(), request: { ask: asked } });
    return answerOf(reply);
  };

  const refresh = async (): Promise<void> => {
    const id = chosen.peek();
    if (id === "") return;
    try {
      const answer = await ask({ case: "getContext", value: create(GetContextSchema) });
      if (answer.case === "context" && chosen.peek() === id) context.value = answer.value;
      trouble.value = "";
    } catch (error) {
      if (error instanceof HostTrouble) {
        trouble.value = `${error.fault.what} ${error.fault.remedy}`.trim();
        context.value = undefined;
      }
      // Else the server is away, which the session tells.
    }
  };

  const told = (found: readonly Host[]): void => {
    hosts.value = found;
    if (found.some(({ id }) => id === chosen.peek())) return;
    context.value = undefined;
    trouble.value = "";
    chosen.value = found.at(-1)?.id ?? "";
  };

  const listen = async (ending: AbortSignal): Promise<void> => {
    for (let tries = 0; !ending.aborted; tries += 1) {
      try {
        const request = create(WatchHostsRequestSchema);
        const answers = stream(
          session, "HostService/WatchHosts", WatchHostsRequestSchema, request,
          WatchHostsResponseSchema, ending,
        );
        for await (const answer of answers) {
          tries = 0;
          const event = answer.event?.event;
          if (answer.hostId === "") told(answer.hosts);
          else if (answer.hostId === chosen.peek() && event?.case === "contextChanged") {
            context.value = event.value;
            trouble.value = "";
          }
        }
      } catch {
        // A server without the socket still answers; one that is away is asked again later.
        await client.listHosts({}).then((found) => told(found.hosts), () => undefined);
      }
      await pause(backoff(tries), ending);
    }
  };

  const look = async (ending: AbortSignal): Promise<void> => {
    while (!ending.aborted) {
      await pause(LOOK_MILLISECONDS, ending);
      const host = hosts.peek().find(({ id }) => id === chosen.peek());
      if (host === undefined || can(host, HostAbility.EVENTS) || document.hidden) continue;
      await refresh();
    }
  };

  const start = (): (() => void) => {
    const ending = new AbortController();
    const stop = effect(() => {
      if (chosen.value !== "") void refresh();
    });
    void listen(ending.signal);
    void look(ending.signal);
    return () => {
      stop();
      ending.abort();
    };
  };

  return { hosts, chosen, context, trouble, ask, refresh, start };
}
