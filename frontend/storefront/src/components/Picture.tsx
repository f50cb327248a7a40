import { useState } from "react";
import { pictureUrl } from "../shop/medusa";
import { useShop } from "../shop/ShopContext";

interface PictureProps {
  url: string | null | undefined;
  /** What it shows; empty where the text beside it says the same. */
  alt: string;
  eager?: boolean;
}

/** A square picture of a product, or a quiet field where there is none or it can't be loaded. */
export function Picture({ url, alt, eager = false }: PictureProps) {
  const { config } = useShop();
  const [failed, setFailed] = useState<string | null>(null);
  const source = pictureUrl(config, url);
  if (!source || failed === source) return <span className="picture" aria-hidden="true" />;
  return (
    <img
      className="picture"
      src={source}
      alt={alt}
      width={600}
      height={600}
      loading={eager ? "eager" : "lazy"}
      decoding="async"
      onError={() => setFailed(source)}
    />
  );
}
