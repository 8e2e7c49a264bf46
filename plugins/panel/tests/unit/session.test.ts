import { describe, expect, it } from "vitest";

import { Session, type Shelf } from "../../src/link/session";

function shelf(): Shelf & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

const HERE = { origin: "http://127.0.0.1:50052", hash: "" };

describe("a session", () => {
  it("is a stranger without a token, and asks nobody", async () => {
    const session = new Session(HERE, shelf(), () => Promise.reject(new Error("asked")));
    await session.begin();
    expect(session.standing.value).toBe("stranger");
  });

  it("pairs with a code, and keeps the token that it is given", async () => {
    const kept = shelf();
    const asked: string[] = [];
    const session = new Session(HERE, kept, (where) => {
      const address = new Request(where).url;
      asked.push(address);
      const body = address.endsWith("/pair") ? JSON.stringify({ token: "sup_a_b" }) : null;
      return Promise.resolve(new Response(body, { status: body === null ? 204 : 200 }));
    });
    await session.enter(" 123456 ");
    expect(asked).toEqual([`${HERE.origin}/pair`, `${HERE.origin}/session`]);
    expect(kept.kept.get("secondunit.token")).toBe("sup_a_b");
    expect(session.standing.value).toBe("paired");
  });

  it("says what the server says of a wrong code", async () => {
    const refuse = () =>
      Promise.resolve(new Response(JSON.stringify({ message: "that is not the code" }), { status: 401 }));
    const session = new Session(HERE, shelf(), refuse);
    await expect(session.enter("000000")).rejects.toThrow("that is not the code");
  });

  it("knows that a server is away from one that does not know it", async () => {
    const kept = shelf();
    kept.setItem("secondunit.token", "sup_a_b");
    const session = new Session(HERE, kept, () => Promise.reject(new TypeError("failed to fetch")));
    await session.begin();
    expect(session.standing.value).toBe("away");
    expect(session.token).toBe("sup_a_b");
  });
});
