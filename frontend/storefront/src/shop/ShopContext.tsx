import { useQuery } from "@tanstack/react-query";
import type { HttpTypes } from "@medusajs/types";
import { createContext, useContext, useMemo, useState, type ReactNode } from "react";
import type { ShopConfig } from "../config";
import { pickRegion } from "../domain/regions";
import { createSdk, type Sdk } from "./medusa";
import { memory } from "./memory";

type Region = HttpTypes.StoreRegion;

interface Shop {
  config: ShopConfig;
  sdk: Sdk;
  regions: Region[];
  /** Undefined while the regions are being asked for. */
  region: Region | undefined;
  /** What went wrong when the regions were asked for, and how to ask again. */
  problem: { error: unknown; retry: () => void } | null;
  chooseRegion: (id: string) => void;
}

const ShopContext = createContext<Shop | null>(null);

/** The shop's configuration, its client, and the region whose prices are shown. */
export function ShopProvider({ config, children }: { config: ShopConfig; children: ReactNode }) {
  const sdk = useMemo(() => createSdk(config), [config]);
  const [chosen, setChosen] = useState(memory.regionId.get);
  const { data, error, refetch } = useQuery({
    queryKey: ["regions"],
    queryFn: async () =>
      (await sdk.store.region.list({ limit: 100, fields: "id,name,currency_code,*countries" })).regions,
    staleTime: Infinity,
  });

  const shop = useMemo<Shop>(
    () => ({
      config,
      sdk,
      regions: data ?? [],
      region: pickRegion(data ?? [], chosen, navigator.languages),
      problem: error && !data ? { error, retry: () => void refetch() } : null,
      chooseRegion: (id) => {
        memory.regionId.set(id);
        setChosen(id);
      },
    }),
    [config, sdk, data, error, refetch, chosen],
  );
  return <ShopContext value={shop}>{children}</ShopContext>;
}

export function useShop(): Shop {
  const shop = useContext(ShopContext);
  if (!shop) throw new Error("useShop is called outside of ShopProvider.");
  return shop;
}
