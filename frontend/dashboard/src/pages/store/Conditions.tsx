import { Table, Text } from "@mantine/core";
import type { Condition } from "../../api/types";
import { Ago } from "../../components/Time";

const marks = { True: "✓", False: "○", Unknown: "?" };

/** The conditions by the Kubernetes convention. */
export function Conditions({ conditions }: { conditions: readonly Condition[] }) {
  if (conditions.length === 0) return <Text c="dimmed">None yet.</Text>;
  return (
    <Table.ScrollContainer
      minWidth={520}
      scrollAreaProps={{ viewportProps: { tabIndex: 0, "aria-label": "Conditions" } }}
    >
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Condition</Table.Th>
            <Table.Th>Status</Table.Th>
            <Table.Th>Since</Table.Th>
            <Table.Th>Reason</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {conditions.map((condition) => (
            <Table.Tr key={condition.type} data-testid={`condition-${condition.type}`} data-status={condition.status}>
              <Table.Td>{condition.type}</Table.Td>
              <Table.Td>
                <span aria-hidden="true">{marks[condition.status]}</span> {condition.status}
              </Table.Td>
              <Table.Td>
                <Ago time={condition.last_transition_time} />
              </Table.Td>
              <Table.Td>
                {condition.reason}
                {condition.message && <div className="sub">{condition.message}</div>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
