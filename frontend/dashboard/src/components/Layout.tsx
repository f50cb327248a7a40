import {
  ActionIcon,
  Button,
  Container,
  Group,
  Menu,
  useMantineColorScheme,
  useComputedColorScheme,
} from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Link, NavLink } from "react-router";
import { signOut } from "../api/session";
import type { Me } from "../api/types";
import { ConnectionStatus } from "./ConnectionStatus";
import { HealthMenu } from "./HealthMenu";
import { Keyboard } from "./Keyboard";
import { PauseNotice } from "./PauseNotice";
import { TenantSwitcher } from "./TenantSwitcher";

const pages = [
  ["/", "Stores"],
  ["/ui/tokens", "Tokens"],
  ["/ui/members", "Members"],
  ["/ui/audit", "Audit"],
] as const;

/** What is around every page. */
export function Layout({ me, children }: { me: Me; children: ReactNode }) {
  const [help, setHelp] = useState(false);
  return (
    <>
      <a className="skip-link" href="#content">
        Skip to the content
      </a>
      <header className="header">
        <Container size="xl" py="xs">
          <div className="header-row">
            <Link to="/" className="brand">
              <img src="/assets/storeplane.svg" alt="" width={26} height={26} />
              <span className="roomy">Storeplane</span>
            </Link>
            <div className="header-nav">
              <nav aria-label="Pages">
                {pages.map(([path, title]) => (
                  <NavLink key={path} to={path} end={path === "/"}>
                    {title}
                  </NavLink>
                ))}
              </nav>
              <TenantSwitcher />
            </div>
            <Group gap="sm" justify="flex-end" wrap="nowrap">
              <ConnectionStatus />
              <HealthMenu />
              <SchemeSwitch />
              <UserMenu me={me} onHelp={() => setHelp(true)} />
            </Group>
          </div>
        </Container>
      </header>
      <Keyboard opened={help} setOpened={setHelp} />
      <PauseNotice />
      <Container size="xl" py="lg" component="main" id="content" tabIndex={-1}>
        {children}
      </Container>
    </>
  );
}

function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <ActionIcon variant="default" size="lg" aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
      <span aria-hidden="true">{scheme === "dark" ? "☀" : "☾"}</span>
    </ActionIcon>
  );
}

function UserMenu({ me, onHelp }: { me: Me; onHelp: () => void }) {
  const client = useQueryClient();

  async function leave() {
    await signOut();
    // Nothing of this person may be shown to the next one.
    client.clear();
    window.location.assign("/");
  }

  return (
    <Menu position="bottom-end" shadow="md">
      <Menu.Target>
        <Button variant="default" size="sm">
          {me.name || me.username} ▾
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href="/docs">
          API documentation
        </Menu.Item>
        <Menu.Item onClick={onHelp} rightSection={<span aria-hidden="true">?</span>}>
          Keyboard
        </Menu.Item>
        {me.is_superuser && (
          <Menu.Item component="a" href="/admin/">
            Django admin
          </Menu.Item>
        )}
        {me.authenticated_by === "session" && <Menu.Item onClick={() => void leave()}>Sign out</Menu.Item>}
      </Menu.Dropdown>
    </Menu>
  );
}
