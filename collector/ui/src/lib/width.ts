// The window's width, for what CSS cannot decide.
import { useSyncExternalStore } from "react";

function subscribe(tell: () => void): () => void {
  addEventListener("resize", tell);
  return () => removeEventListener("resize", tell);
}

export const useWidth = (): number => useSyncExternalStore(subscribe, () => innerWidth);
