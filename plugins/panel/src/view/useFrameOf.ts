/** The frame of a shot's own footage, fetched when the server is there. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import type { Picture } from "../link/pictures";
import type { Panel } from "../model/panel";
import { pictureOf } from "../model/request";
import type { Site } from "../model/site";

export function useFrameOf(panel: Panel, site: Site, longest: number): ReadonlySignal<Picture | undefined> {
  const picture = useSignal<Picture | undefined>(undefined);
  const from = pictureOf(site);
  const [path, frame] = [from?.path ?? "", from?.frame ?? 0];
  const paired = panel.session.standing.value === "paired";
  useEffect(() => {
    const state = { gone: false };
    if (path !== "" && paired) {
      panel.pictures.get(path, frame, longest).then(
        (found) => {
          if (!state.gone) picture.value = found;
        },
        () => undefined, // the plan says what is wrong with the file
      );
    }
    return () => {
      state.gone = true;
    };
  }, [path, frame, paired, longest]);
  return picture;
}
