import { Text } from "@mantine/core";
import type { Condition } from "../../api/types";
import { Ago } from "../../components/Time";

const heads = ["Condition", "Status", "Since", "Reason"] as const;

/** The conditions by the Kubernetes convention; on a telephone each is a card. Roles are spelled out as in StoreTable. */
export function Conditions({ conditions }: { conditions: readonly Condition[] }) {
  if (conditions.length === 0) return <Text c="dimmed">None yet.</Text>;
  return (
    <table className="stores conditions" role="table" aria-label="Conditions">
      <thead role="rowgroup">
        <tr role="row">
          {heads.map((head) => (
            <th key={head} role="columnheader" scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {conditions.map((condition) => (
          <tr
            key={condition.type}
            role="row"
            data-testid={`condition-${condition.type}`}
            data-status={condition.status}
          >
            <th role="rowheader" scope="row">
              {condition.type}
            </th>
            <td role="cell" className="short">
              <Mark status={condition.status} /> {condition.status}
            </td>
            <td role="cell" className="short">
              <Ago time={condition.last_transition_time} />
            </td>
            <td role="cell">
              {condition.reason}
              {condition.message && <div className="sub">{condition.message}</div>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Drawn where it is empty: fonts without a hollow circle show a full one. */
function Mark({ status }: { status: Condition["status"] }) {
  if (status === "False") return <span className="dot inline" aria-hidden="true" />;
  return <span aria-hidden="true">{status === "True" ? "✓" : "?"}</span>;
}
