import { Button, Skeleton, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ProblemAlert } from "./ProblemAlert";

export interface Column<T> {
  title: string;
  cell: (row: T) => ReactNode;
}

interface RowsProps<T> {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  testId: (row: T) => string;
}

/** A table, on a telephone cards; its first column names the row. Roles are spelled out as in StoreTable. */
export function Rows<T extends { id: number }>({ label, columns, rows, testId }: RowsProps<T>) {
  const [first, ...rest] = columns;
  return (
    <table className="stores labelled" role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map(({ title }) => (
            <th key={title} role="columnheader" scope="col">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={row.id} role="row" data-testid={testId(row)}>
            <th role="rowheader" scope="row">
              {first?.cell(row)}
            </th>
            {rest.map(({ title, cell }) => (
              <td key={title} role="cell" data-label={title}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface PagesProps<T> {
  /** An infinite query's answer. */
  pages: {
    data: { pages: { results: T[] }[] } | undefined;
    error: unknown;
    isFetchingNextPage: boolean;
    hasNextPage: boolean;
    refetch: () => unknown;
    fetchNextPage: () => unknown;
  };
  /** Of what they are, as in "The tokens can't be shown". */
  what: string;
  /** What stands there when there is nothing. */
  empty: ReactNode;
  children: (rows: T[]) => ReactNode;
}

/** A list that comes page by page: loading, an error, nothing, or the rows and a way to older ones. */
export function Pages<T>({ pages, what, empty, children }: PagesProps<T>) {
  const failure = Boolean(pages.error) && (
    <ProblemAlert title={`The ${what} can't be shown`} error={pages.error} retry={() => void pages.refetch()} />
  );
  if (!pages.data) return failure || <Placeholder what={what} />;
  const rows = pages.data.pages.flatMap((page) => page.results);
  return (
    <Stack align="flex-start">
      {failure}
      {rows.length === 0 ? <Text maw="40rem">{empty}</Text> : children(rows)}
      {pages.hasNextPage && (
        <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Show older
        </Button>
      )}
    </Stack>
  );
}

function Placeholder({ what }: { what: string }) {
  return (
    <Stack gap="sm" role="status" aria-label={`Loading the ${what}`}>
      {Array.from({ length: 4 }, (_, index) => (
        <Skeleton key={index} height={44} />
      ))}
    </Stack>
  );
}
