import { Anchor, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import { PageTitle } from "../components/PageTitle";

export function NotFoundPage({ what = "page" }: { what?: string }) {
  return (
    <Stack align="flex-start" data-testid="not-found">
      <PageTitle>{`There is no such ${what}`}</PageTitle>
      <Text>It may be gone, it may be somebody else's, or the address has a typing error.</Text>
      <Anchor component={Link} to="/">
        All stores
      </Anchor>
    </Stack>
  );
}
