/** A blob's address, good as long as it is on the screen. */
import { useEffect, useState } from "preact/hooks";

export function useAddress(blob: Blob | undefined): string | undefined {
  const [address, set] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (blob === undefined) return undefined;
    const fresh = URL.createObjectURL(blob);
    set(fresh);
    return () => URL.revokeObjectURL(fresh);
  }, [blob]);
  return address;
}
