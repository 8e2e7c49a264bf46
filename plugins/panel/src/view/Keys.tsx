/** The keyboard: what each key does, and a sheet that says so. */
import { useEffect, useRef } from "preact/hooks";

import { TABS, type Panel } from "../model/panel";
import type { Signal } from "@preact/signals";

const KEYS: readonly (readonly [string, string])[] = [
  ["Ctrl+Enter, ⌘+Enter", "Make"],
  ["Ctrl+Shift+Enter, ⌘+Shift+Enter", "Draft"],
  ["Alt+1 to Alt+4", "Shot, Making, Takes, File"],
  ["/", "Search the takes"],
  ["?", "This sheet"],
  ["Escape", "Close it"],
  ["Arrow keys", "On a slider: a frame, or the wipe's edge"],
  ["B, P, E", "On the frame: brush, polygon, erase"],
  ["S, A, H", "On the frame: stroke, ambient, hand"],
  ["[ and ]", "On the frame: a smaller, a larger brush"],
  ["Ctrl+Z, ⌘+Z", "On the frame: undo"],
];

/** Hears the keys of the whole page, but for those that somebody types words with. */
export function useKeys(panel: Panel, sheet: Signal<boolean>): void {
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const command = event.ctrlKey || event.metaKey;
      if (command && event.key === "Enter") {
        event.preventDefault();
        void panel.make(event.shiftKey);
        return;
      }
      const tab = event.altKey ? TABS[Number(event.code.replace("Digit", "")) - 1] : undefined;
      if (tab !== undefined) {
        event.preventDefault();
        panel.tab.value = tab;
        return;
      }
      if (command || event.altKey || isTyping(event.target)) return;
      if (event.key === "?") sheet.value = !sheet.peek();
      else if (event.key === "/") {
        event.preventDefault();
        panel.tab.value = "takes";
        setTimeout(() => document.getElementById("search")?.focus());
      }
    };
    window.addEventListener("keydown", hear);
    return () => window.removeEventListener("keydown", hear);
  }, [panel]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input:not([type=range],[type=checkbox],[type=radio]), textarea, select");
}

export function Keys({ open }: { readonly open: Signal<boolean> }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open.value]);
  return (
    <dialog ref={dialog} aria-labelledby="keys" onClose={() => (open.value = false)}>
      <h2 id="keys">Keyboard</h2>
      <dl>
        {KEYS.map(([key, does]) => (
          <div key={key}><dt><kbd>{key}</kbd></dt><dd>{does}</dd></div>
        ))}
      </dl>
      <button type="button" onClick={() => (open.value = false)}>Close</button>
    </dialog>
  );
}
