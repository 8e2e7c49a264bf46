/** Who this panel is to the server: paired, or not yet. */
import type { Client, Interceptor, Transport } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { DescService } from "@bufbuild/protobuf";
import { signal } from "@preact/signals";

import { isAway, isStranger } from "./trouble";

const TOKEN = "secondunit.token";

export type Standing =
  /** Nobody asked yet. */
  | "asking"
  /** A code or a token is needed. */
  | "stranger"
  | "paired"
  /** The server does not answer. */
  | "away";

/** A place for short texts that outlive the page. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class Session {
  readonly standing = signal<Standing>("asking");
  readonly #base: string;
  readonly #transport: Transport;

  constructor(
    location: Pick<Location, "origin" | "hash">,
    private readonly shelf: Shelf,
    fetching: typeof fetch = (...given) => fetch(...given),
  ) {
    this.#base = location.origin;
    this.#fetch = fetching;
    this.#transport = createConnectTransport({
      baseUrl: location.origin,
      useBinaryFormat: true,
      interceptors: [this.#watched],
      fetch: fetching,
    });
  }

  readonly #fetch: typeof fetch;

  get base(): string {
    return this.#base;
  }

  get token(): string {
    return this.shelf.getItem(TOKEN) ?? "";
  }

  /** A typed client of one service; every call carries the token. */
  client<S extends DescService>(service: S): Client<S> {
    return createClient(service, this.#transport);
  }

  /** Pair with a short code, or take a token as it is. Throws what the server says of it. */
  async enter(words: string): Promise<void> {
    const text = words.trim();
    if (/^\d{4,8}$/.test(text)) {
      const answer = await this.#fetch(`${this.#base}/pair`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ code: text, name: navigator.userAgent.slice(0, 90) }),
      });
      const said = (await answer.json()) as { token?: string; message?: string };
      if (said.token === undefined) throw new Error(said.message ?? "the code was not taken");
      this.shelf.setItem(TOKEN, said.token);
    } else {
      this.shelf.setItem(TOKEN, text);
    }
    await this.begin();
  }

  /** Find out how we stand; gives the browser the cookie that pictures and sockets travel with. */
  async begin(): Promise<void> {
    if (this.token === "") {
      this.standing.value = "stranger";
      return;
    }
    try {
      const answer = await this.#fetch(`${this.#base}/session`, {
        method: "POST",
        headers: { authorization: `Bearer ${this.token}` },
      });
      this.standing.value = answer.ok ? "paired" : "stranger";
    } catch {
      this.standing.value = "away";
    }
  }

  leave(): void {
    this.shelf.removeItem(TOKEN);
    this.standing.value = "stranger";
  }

  readonly #watched: Interceptor = (next) => async (request) => {
    request.header.set("authorization", `Bearer ${this.token}`);
    try {
      const answer = await next(request);
      this.standing.value = "paired";
      return answer;
    } catch (error) {
      if (isStranger(error)) this.standing.value = "stranger";
      else if (isAway(error)) this.standing.value = "away";
      throw error;
    }
  };
}
