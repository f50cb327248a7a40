import { HttpResponse } from "msw";
import type { AuditEntry, Me, Member, Role, Tenant, Token } from "../src/api/types";
import { problem } from "./problem";

/** The part of the test's platform that is about people: tenants, members, tokens, the audit. */
export class People {
  me: Me = {
    id: 1,
    username: "ada",
    external_id: null,
    name: "Ada",
    is_staff: false,
    is_superuser: false,
    authenticated_by: "session",
    token: null,
    tenants: [tenant("acme", "Acme", "owner")],
  };
  tokens: Token[] = [];
  members: Member[] = [member(1, "ada", "owner")];
  audit: AuditEntry[] = [];

  /** The answer, or undefined for what is not about people. */
  answer(what: string, query: URLSearchParams, body: Record<string, string>): Response | undefined {
    if (what === "GET /tokens") return page(this.tokensOf(query), query);
    if (what === "POST /tokens") return this.makeToken(body);
    if (what === "GET /audit") return page(this.auditOf(query), query);
    if (what.endsWith("/members")) return what.startsWith("GET") ? page(this.members, query) : this.add(body);
    const [, verb, kind, id] = /^(\w+) .*\/(tokens|members)\/(\d+)$/.exec(what) ?? [];
    if (kind === "tokens") return this.revoke(Number(id));
    if (kind === "members") return this.changeMember(verb!, Number(id), body["role"] as Role);
    return undefined;
  }

  private tokensOf(query: URLSearchParams): Token[] {
    return this.tokens.filter(
      (token) =>
        (!query.has("tenant") || token.tenant === query.get("tenant")) &&
        (!query.has("revoked") || (query.get("revoked") === "true") === (token.revoked_at !== null)),
    );
  }

  private makeToken(body: Record<string, string>): Response {
    const made = token(this.tokens.length + 1, body["name"]!, { tenant: body["tenant"]!, role: body["role"] as Role });
    this.tokens.unshift(made);
    return HttpResponse.json({ ...made, token: `${made.prefix}_secret` }, { status: 201 });
  }

  private revoke(id: number): Response {
    this.tokens = this.tokens.map((each) => (each.id === id ? { ...each, revoked_at: "2026-11-24T12:00:00Z" } : each));
    return new HttpResponse(null, { status: 204 });
  }

  private auditOf(query: URLSearchParams): AuditEntry[] {
    const fields = ["action", "actor", "target", "request_id"] as const;
    return this.audit.filter((entry) => fields.every((name) => !query.has(name) || entry[name] === query.get(name)));
  }

  private add(body: Record<string, string>): Response {
    if (body["user"] === "nobody") {
      const message = "There is no user 'nobody'; they must have come here once before.";
      return problem(400, "invalid", `user: ${message}`, [{ field: "user", message }]);
    }
    const added = member(this.members.length + 1, body["user"]!, body["role"] as Role);
    this.members.unshift(added);
    return HttpResponse.json(added, { status: 201 });
  }

  private changeMember(verb: string, id: number, role: Role): Response {
    const known = this.members.find((each) => each.id === id)!;
    const otherOwners = this.members.filter((each) => each.role === "owner" && each.id !== id);
    if (known.role === "owner" && otherOwners.length === 0) {
      return problem(409, "conflict", "'acme' has no other owner; make somebody else an owner first.");
    }
    const rest = this.members.filter((each) => each.id !== id);
    this.members = verb === "DELETE" ? rest : [...rest, { ...known, role }];
    if (known.user === this.me.username && verb === "DELETE") this.me = { ...this.me, tenants: [] };
    return verb === "DELETE" ? new HttpResponse(null, { status: 204 }) : HttpResponse.json({ ...known, role });
  }
}

export function tenant(slug: string, name: string, role: Role): Tenant {
  const created_at = "2026-11-01T12:00:00Z";
  return { slug, name, plan: "small", role, stores_used: 0, stores_allowed: 10, requests_per_minute: 1200, created_at };
}

export function token(id: number, name: string, more: Partial<Token> = {}): Token {
  return {
    id,
    name,
    prefix: `spt_0000000${id}`,
    tenant: "acme",
    user: "ada",
    role: "member",
    created_at: "2026-11-23T12:00:00Z",
    expires_at: null,
    last_used_at: null,
    last_used_from: null,
    revoked_at: null,
    ...more,
  };
}

export function member(id: number, user: string, role: Role): Member {
  return { id, user, external_id: null, name: user, role, since: "2026-11-01T12:00:00Z" };
}

export function entry(id: number, action: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id,
    at: "2026-11-23T12:00:00Z",
    actor: "ada",
    via: "session",
    tenant: "acme",
    action,
    target: "tea-shop",
    address: "203.0.113.7",
    request_id: `req-${id}`,
    before: null,
    after: null,
    ...more,
  };
}

/** Two to a page, by a cursor that says where it goes on; like the platform's, the link is whole. */
function page(rows: readonly unknown[], query: URLSearchParams): Response {
  const from = Number(query.get("cursor") ?? 0);
  const next = from + 2 < rows.length ? new URLSearchParams(query) : null;
  next?.set("cursor", String(from + 2));
  return HttpResponse.json({
    next: next && `http://localhost:8000/audit?${next.toString()}`,
    previous: null,
    results: rows.slice(from, from + 2),
  });
}
