/** Where `secondunit serve` listens for panels, unless it is told otherwise. */

/** IPv4 by number: macOS lets no page load from `localhost`. */
export const SERVER = "http://127.0.0.1:50052";
