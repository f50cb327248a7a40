import { memo } from "react";
import { Link } from "react-router";
import type { Store } from "../api/types";
import { storeLink } from "./Keyboard";
import { MiniPipeline } from "./MiniPipeline";
import { StorePhase } from "./PhaseBadge";
import { Ago } from "./Time";

/** `index` is the row's place in the whole table as a screen reader counts, from 1, the head being the first. */
interface StoreRowProps {
  store: Store;
  index: number;
}

/** One store of the list. A message about one store draws one row anew. */
export const StoreRow = memo(function StoreRow({ store, index }: StoreRowProps) {
  return (
    <tr role="row" aria-rowindex={index} data-testid={`store-${store.name}`}>
      <th role="rowheader" scope="row">
        <Link className="name-link" to={`/ui/stores/${store.name}`} {...{ [storeLink]: "" }}>
          {store.display_name || store.name}
        </Link>
        <div className="sub">
          {store.display_name && store.display_name !== store.name && `${store.name} · `}
          {store.tenant}
        </div>
      </th>
      <td role="cell">
        <StorePhase store={store} />
      </td>
      <td role="cell">
        <MiniPipeline steps={store.pipeline} />
      </td>
      <td role="cell" className="short">
        {store.engine}
      </td>
      <td role="cell" className="short age">
        <Ago time={store.created_at} />
      </td>
      <td role="cell">
        {store.phase === "Ready" && store.url ? (
          <a className="name-link" href={store.url} target="_blank" rel="noreferrer">
            {store.url.replace(/^https?:\/\//, "")}
          </a>
        ) : (
          <span className="sub">{store.url.replace(/^https?:\/\//, "")}</span>
        )}
      </td>
    </tr>
  );
});
