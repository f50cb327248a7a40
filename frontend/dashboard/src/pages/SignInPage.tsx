import { Button, Center, Paper, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { explain } from "../api/http";
import { keys } from "../api/queries";
import { signIn } from "../api/session";
import { PageTitle } from "../components/PageTitle";

/** Shown instead of every page while nobody is signed in; the address stays, and leads on afterwards. */
export function SignInPage() {
  const client = useQueryClient();
  const login = useMutation({
    mutationFn: (fields: { username: string; password: string }) => signIn(fields.username, fields.password),
    onSuccess: () => client.invalidateQueries({ queryKey: keys.me }),
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    login.mutate({ username: String(fields.get("username")), password: String(fields.get("password")) });
  }

  return (
    <Center mih="80vh" p="md" component="main">
      <Paper withBorder p="xl" w="100%" maw="24rem">
        <form onSubmit={submit} aria-label="Sign in">
          <Stack>
            <PageTitle>Sign in to Storeplane</PageTitle>
            <TextInput label="Username" name="username" autoComplete="username" autoCapitalize="none" required />
            <PasswordInput label="Password" name="password" autoComplete="current-password" required />
            <div role="alert">
              {login.isError && (
                <Text size="sm" c="var(--bad)">
                  {explain(login.error)}
                </Text>
              )}
            </div>
            <Button type="submit" loading={login.isPending}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              In the sandbox, <code>./storeplane up</code> prints a login for you.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
