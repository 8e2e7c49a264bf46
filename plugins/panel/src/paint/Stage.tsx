/** The frame under the hand: pointer, pen, fingers and keys on one canvas. */
import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import type { XY } from "./camera";
import { begin, corner, kindOf, lookAt, lookedAtNow, movesOf, type Drag, type Touch } from "./gestures";
import { resized } from "./camerabox";
import { pushed, toPicture, WHOLE_LOOK, zoomed, type Extent, type Look } from "./look";
import type { Painting } from "./painting";
import { inks, paintStage, type Inks } from "./scenery";
import { tints } from "./tints";

interface Props {
  readonly painting: Painting;
  /** What is shown at a frame of the preview; undefined: nothing yet. */
  readonly picture: (frame: number) => CanvasImageSource | undefined;
  /** Changes when `picture` would give another one. */
  readonly scene: { readonly value: unknown };
  readonly frame: Signal<number>;
  readonly look: Signal<Look>;
  /** True while the hand is borrowed with the space bar. */
  readonly borrowed: Signal<boolean>;
  /** Something was pressed: the preview goes back to the still. */
  readonly onPress: () => void;
  readonly onLift: () => void;
  readonly say: (words: string) => void;
}

const STEP = 0.01;
const WIDE_STEP = 0.05;

export function Stage(props: Props) {
  const { painting, picture, scene, frame, look, borrowed, say } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const extent = useSignal<Extent>({ width: 0, height: 0 });
  const hand = useSignal<XY | undefined>(undefined);
  const cross = useSignal(false);
  const theme = useSignal(0);
  const kept = useRef<{ ink: Inks | undefined; asked: number; tint: ReturnType<typeof tints> }>({
    ink: undefined, asked: 0, tint: tints(),
  });
  const held = useRef<{ drag: Drag | undefined; fingers: Map<number, XY>; pen: boolean }>({
    drag: undefined, fingers: new Map(), pen: false,
  });

  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const measure = new ResizeObserver(() => {
      extent.value = { width: element.clientWidth, height: element.clientHeight };
    });
    measure.observe(element);
    const retint = (): void => {
      kept.current.ink = undefined;
      theme.value += 1;
    };
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    const turned = new MutationObserver(retint);
    turned.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    dark.addEventListener("change", retint);
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return; // a page that scrolls goes on scrolling
      event.preventDefault();
      const about = { x: event.offsetX, y: event.offsetY };
      look.value = zoomed(look.peek(), Math.exp(-event.deltaY / 300), about, extent.peek());
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      measure.disconnect();
      turned.disconnect();
      dark.removeEventListener("change", retint);
      element.removeEventListener("wheel", wheel);
      cancelAnimationFrame(kept.current.asked);
    };
  }, []);

  useSignalEffect(() => {
    const { drawing, chosen, tool, handle, sketched, touched, frames } = painting;
    // All that is drawn is named here; the drawing itself waits for the screen.
    const seen = [
      drawing, chosen, tool, handle, sketched, touched, frames, extent, hand, cross, frame, look,
      scene, theme,
    ];
    const read = (one: { readonly value: unknown }): unknown => one.value;
    seen.forEach(read);
    cancelAnimationFrame(kept.current.asked);
    kept.current.asked = requestAnimationFrame(() => {
      const element = canvas.current;
      const context = element?.getContext("2d");
      if (element === null || context === null || context === undefined) return;
      const { width, height } = extent.peek();
      const dense = window.devicePixelRatio;
      const [across, down] = [Math.round(width * dense), Math.round(height * dense)];
      if (element.width !== across) element.width = across;
      if (element.height !== down) element.height = down;
      context.setTransform(dense, 0, 0, dense, 0, 0);
      kept.current.ink ??= inks(element);
      const view = {
        look: look.peek(), extent: extent.peek(), hand: hand.peek(), cross: cross.peek(),
        frame: frame.peek(), picture: picture(frame.peek()),
      };
      paintStage(context, painting, view, kept.current.tint, kept.current.ink);
    });
  });

  const touchOf = (on: XY, pressure: number, time: number): Touch => {
    const at = toPicture(on, look.peek(), extent.peek());
    return { at, on, pressure, time, look: look.peek(), extent: extent.peek() };
  };
  const read = (event: PointerEvent): Touch => {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    const on = { x: event.clientX - left, y: event.clientY - top };
    return touchOf(on, event.pointerType === "pen" ? event.pressure : 1, event.timeStamp);
  };

  const press = (event: PointerEvent & { readonly currentTarget: HTMLCanvasElement }): void => {
    const touch = read(event);
    const { fingers } = held.current;
    if (event.pointerType === "touch") fingers.set(event.pointerId, touch.on);
    event.currentTarget.focus({ preventScroll: true });
    event.currentTarget.setPointerCapture(event.pointerId);
    if (fingers.size > 1) {
      held.current.drag?.cancel();
      held.current.drag = undefined;
      return;
    }
    const hands = event.button === 1 || borrowed.peek() || painting.tool.peek() === "hand";
    if (event.button > 1) return;
    cross.value = false;
    hand.value = touch.at;
    if (hands) {
      held.current.drag = push(touch.on);
      return;
    }
    props.onPress();
    held.current.drag = begin(painting, painting.tool.peek(), touch);
  };

  const push = (from: XY): Drag => {
    let last = from;
    return {
      move: ({ on }) => {
        look.value = pushed(look.peek(), { x: on.x - last.x, y: on.y - last.y }, extent.peek());
        last = on;
      },
      lift: () => undefined,
      cancel: () => undefined,
    };
  };

  const pinch = (id: number, to: XY): void => {
    const { fingers } = held.current;
    const [one, two] = [...fingers.values()];
    const before = one !== undefined && two !== undefined ? spread(one, two) : undefined;
    fingers.set(id, to);
    const [a, b] = [...fingers.values()];
    if (before === undefined || a === undefined || b === undefined) return;
    const after = spread(a, b);
    const by = { x: after.x - before.x, y: after.y - before.y };
    const there = pushed(look.peek(), by, extent.peek());
    look.value = zoomed(there, after.apart / before.apart, after, extent.peek());
  };

  const move = (event: PointerEvent): void => {
    const touch = read(event);
    if (held.current.fingers.size > 1) {
      pinch(event.pointerId, touch.on);
      return;
    }
    hand.value = touch.at;
    const { drag } = held.current;
    if (drag === undefined) return;
    // Absent on pages that are not secured, whatever the type says.
    const all = "getCoalescedEvents" in event ? event.getCoalescedEvents() : [];
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    for (const one of all.length > 0 ? all : [event]) {
      const on = { x: one.clientX - left, y: one.clientY - top };
      drag.move(touchOf(on, one.pointerType === "pen" ? one.pressure : 1, one.timeStamp));
    }
  };

  const lift = (event: PointerEvent): void => {
    held.current.fingers.delete(event.pointerId);
    const { drag } = held.current;
    held.current.drag = undefined;
    if (drag === undefined) return;
    if (event.type === "pointercancel") drag.cancel();
    else drag.lift();
    props.onLift();
  };

  const key = (event: KeyboardEvent): void => {
    const arrow = ARROWS.get(event.key);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (!plain) return;
    if (arrow !== undefined) {
      const size = event.shiftKey ? WIDE_STEP : STEP;
      arrows({ x: arrow.x * size, y: arrow.y * size });
    } else if (event.key === "Enter") enter(event.shiftKey, event.timeStamp);
    else if (event.key === "Escape" && busy()) {
      painting.cancel();
      held.current.pen = false;
    } else if (event.key === "Backspace" && painting.sketched.peek().length > 0) {
      painting.sketched.value = painting.sketched.peek().slice(0, -1);
    } else if (event.key === "+" || event.key === "=" || event.key === "-") grow(event.key === "-");
    else if (event.key === "0") look.value = WHOLE_LOOK;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  const busy = (): boolean => held.current.pen || painting.sketched.peek().length > 0;
  const middle = (): XY => ({ x: extent.peek().width / 2, y: extent.peek().height / 2 });
  const ratio = (): number => extent.peek().height / Math.max(1, extent.peek().width);

  const grow = (less: boolean): void => {
    if (painting.tool.peek() === "camera") {
      const { moves, index } = movesOf(painting);
      const one = moves[index];
      if (one !== undefined) painting.film(moves.with(index, resized(one, less ? 1.05 : 1 / 1.05)), "zoom");
    } else look.value = zoomed(look.peek(), less ? 1 / 1.25 : 1.25, middle(), extent.peek());
  };

  const arrows = (by: XY): void => {
    const tool = painting.tool.peek();
    if (tool === "hand") {
      const { width, height } = extent.peek();
      look.value = pushed(look.peek(), { x: -4 * by.x * width, y: -4 * by.y * height }, extent.peek());
      return;
    }
    if (tool === "camera") {
      const now = lookedAtNow(painting, ratio());
      lookAt(painting, { x: now.x + by.x, y: now.y + by.y }, ratio(), "arrows");
      const there = lookedAtNow(painting, ratio());
      say(`The camera ends on ${placeWords(there)}`);
      return;
    }
    const from = hand.peek() ?? { x: look.peek().x, y: look.peek().y };
    const within = (value: number): number => Math.min(1, Math.max(0, value));
    const at = { x: within(from.x + by.x), y: within(from.y + by.y) };
    cross.value = true;
    hand.value = at;
    if (held.current.pen) painting.drag(at, 1);
    say(placeWords(at));
  };

  const enter = (shift: boolean, time: number): void => {
    const tool = painting.tool.peek();
    const at = hand.peek() ?? { x: 0.5, y: 0.5 };
    cross.value = true;
    hand.value = at;
    if (tool === "brush" || tool === "erase" || tool === "ambient") {
      if (held.current.pen) painting.lift();
      else {
        props.onPress();
        painting.press(at, 1, kindOf(painting, tool), tool === "erase");
      }
      held.current.pen = !held.current.pen;
      say(held.current.pen ? "Brush down: arrows paint, Enter lifts" : "Brush up");
    } else if (tool === "polygon") {
      const { width, height } = extent.peek();
      const on = { x: at.x * width, y: at.y * height };
      if (shift) painting.close();
      else corner(painting, { ...touchOf(on, 1, time), at });
      say(shift ? "Polygon filled" : `Corner ${painting.sketched.peek().length} on ${placeWords(at)}`);
    } else if (tool === "stroke") {
      if (shift) painting.go();
      else painting.sketched.value = [...painting.sketched.peek(), { ...at, time }];
      say(shift ? "Stroke drawn" : `Point ${painting.sketched.peek().length} on ${placeWords(at)}`);
    }
  };

  const size = painting.size.value;
  const tool = borrowed.value ? "hand" : painting.tool.value;
  return (
    <canvas
      ref={canvas}
      class="paint-stage"
      data-tool={tool}
      data-testid="stage"
      tabIndex={0}
      role="application"
      aria-label="The frame. Arrow keys move the hand, Enter paints or sets a point, Shift and Enter ends."
      style={{ aspectRatio: size === undefined ? "16 / 9" : `${size.width} / ${size.height}` }}
      onPointerDown={press}
      onPointerMove={move}
      onPointerUp={lift}
      onPointerCancel={lift}
      onPointerLeave={() => {
        if (!cross.peek() && held.current.drag === undefined) hand.value = undefined;
      }}
      onDblClick={() => painting.tool.peek() === "polygon" && painting.close()}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={key}
    />
  );
}

const ARROWS: ReadonlyMap<string, XY> = new Map([
  ["ArrowLeft", { x: -1, y: 0 }],
  ["ArrowRight", { x: 1, y: 0 }],
  ["ArrowUp", { x: 0, y: -1 }],
  ["ArrowDown", { x: 0, y: 1 }],
]);

/** `42% from the left, 10% from the top`. */
function placeWords({ x, y }: XY): string {
  return `${Math.round(100 * x)}% from the left, ${Math.round(100 * y)}% from the top`;
}

function spread(a: XY, b: XY): XY & { readonly apart: number } {
  const apart = Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart };
}
