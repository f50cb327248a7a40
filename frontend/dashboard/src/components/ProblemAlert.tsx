import { Alert, Button, Stack, Text } from "@mantine/core";
import { ApiError, explain } from "../api/http";

interface ProblemAlertProps {
  title: string;
  error: unknown;
  retry?: () => void;
}

/** What went wrong, the number under which the log tells more, and a way to ask again. */
export function ProblemAlert({ title, error, retry }: ProblemAlertProps) {
  const requestId = error instanceof ApiError && error.status >= 500 ? error.problem.request_id : undefined;
  return (
    <Alert color="red" variant="outline" title={title} role="alert" maw="40rem">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{explain(error)}</Text>
        {requestId && (
          <Text size="sm" c="dimmed">
            Request {requestId}
          </Text>
        )}
        {retry && (
          <Button size="xs" variant="default" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
