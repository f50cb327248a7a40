import type { Store } from "../api/types";
import type { SortKey, Wish } from "../domain/listing";
import { chunkLength, StoreChunk } from "./StoreChunk";

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

/** Stores as a table of which those near the window are drawn; on a telephone, as cards. Roles are spelled out because `display: block` takes them away. */
export function StoreTable({ stores, wish, onSort }: StoreTableProps) {
  const chunks = Array.from({ length: Math.ceil(stores.length / chunkLength) }, (_, place) => place * chunkLength);
  return (
    <table className="stores many" role="table" aria-label="Stores" aria-rowcount={stores.length + 1}>
      <thead role="rowgroup">
        <tr role="row" aria-rowindex={1}>
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
      {chunks.map((from, place) => (
        <StoreChunk key={place} stores={stores.slice(from, from + chunkLength)} place={place} />
      ))}
    </table>
  );
}

function ariaSort(wish: Wish, key: SortKey) {
  if (wish.sort !== key) return "none" as const;
  return wish.descending ? ("descending" as const) : ("ascending" as const);
}
