import { memo } from "react";
import { Link } from "react-router";
import type { Store } from "../api/types";
import type { SortKey, Wish } from "../domain/listing";
import { MiniPipeline } from "./MiniPipeline";
import { StorePhase } from "./PhaseBadge";
import { Ago } from "./Time";

interface StoreTableProps {
  stores: readonly Store[];
  wish: Wish;
  onSort: (key: SortKey) => void;
}

const columns: { title: string; sort?: SortKey }[] = [
  { title: "Name", sort: "name" },
  { title: "Phase", sort: "phase" },
  { title: "Pipeline" },
  { title: "Engine", sort: "engine" },
  { title: "Age", sort: "created_at" },
  { title: "Address" },
];

/** Stores as a table; on a telephone, as cards. Roles are spelled out because `display: block` takes them away. */
export function StoreTable({ stores, wish, onSort }: StoreTableProps) {
  return (
    <table className="stores" role="table" aria-label="Stores">
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title, sort }) => (
            <th key={title} role="columnheader" scope="col" aria-sort={sort && ariaSort(wish, sort)}>
              {sort ? (
                <button type="button" className="sort" onClick={() => onSort(sort)}>
                  {title} {wish.sort === sort && <span aria-hidden="true">{wish.descending ? "↓" : "↑"}</span>}
                </button>
              ) : (
                title
              )}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {stores.map((store) => (
          <Row key={store.id} store={store} />
        ))}
      </tbody>
    </table>
  );
}

function ariaSort(wish: Wish, key: SortKey) {
  if (wish.sort !== key) return "none" as const;
  return wish.descending ? ("descending" as const) : ("ascending" as const);
}

// A message about one store draws one row anew.
const Row = memo(function Row({ store }: { store: Store }) {
  return (
    <tr role="row" data-testid={`store-${store.name}`}>
      <th role="rowheader" scope="row">
        <Link className="name-link" to={`/ui/stores/${store.name}`}>
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
      <td role="cell" className="short">
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
