import { http, HttpResponse, type DefaultBodyType, type StrictRequest } from "msw";
import { setupServer } from "msw/node";

/** A Store API small enough to read: one kind of mug, two regions, and carts that behave like Medusa's. */

interface Line {
  id: string;
  variant_id: string;
  title: string;
  product_title: string;
  variant_title: string;
  product_handle: string;
  unit_price: number;
  quantity: number;
  total: number;
}

export interface MockCart {
  id: string;
  region_id: string;
  currency_code: string;
  email: string | null;
  shipping_address: Record<string, string> | null;
  items: Line[];
  shipping_methods: { id: string; shipping_option_id: string; name: string; amount: number }[];
  payment_collection: { id: string; payment_sessions: { provider_id: string; status: string }[] } | null;
  completed_at: string | null;
  /** What promotions take off. */
  percent_off?: number;
  free_shipping?: boolean;
  [key: string]: unknown;
}

/** What the shop sends, all kinds of request in one. */
interface Body {
  region_id: string;
  cart_id: string;
  variant_id: string;
  quantity: number;
  option_id: string;
  provider_id: string;
}

/** Something to happen to the next `left` requests that match. */
interface Planned {
  pattern: RegExp;
  left: number;
}

export const regions = [
  {
    id: "reg_eu",
    name: "Europe",
    currency_code: "eur",
    countries: [country("de", "Germany"), country("at", "Austria")],
  },
  { id: "reg_us", name: "United States", currency_code: "usd", countries: [country("us", "United States")] },
];
const prices: Record<string, Record<string, number>> = {
  reg_eu: { variant_moss: 24, variant_ink: 26 },
  reg_us: { variant_moss: 26.5, variant_ink: 28 },
};

function country(code: string, name: string) {
  return { id: code, iso_2: code, display_name: name };
}

export class MockStore {
  products: Record<string, unknown>[] = [{ handle: "morning-mug" }];
  carts = new Map<string, MockCart>();
  orders: Record<string, unknown>[] = [];
  stock: Record<string, number> = { variant_moss: 100, variant_ink: 0 };
  /** Every request, as `POST /store/carts`. */
  requests: string[] = [];
  private cartsMade = 0;
  private faults: (Planned & { status: number; message: string })[] = [];
  private losses: Planned[] = [];
  private holds: (Planned & { released: Promise<void> })[] = [];
  readonly server = setupServer(
    http.all("*/store/*", ({ request }) => this.answer(request as StrictRequest<DefaultBodyType>)),
    http.all("*", () => HttpResponse.json({ message: "not of the Store API" }, { status: 404 })),
  );

  /** The next `times` requests whose `METHOD /path` matches answer with this status; 0 means no answer at all. */
  failNext(pattern: RegExp, status: number, message = "broken on purpose", times = 1): void {
    this.faults.push({ pattern, status, message, left: times });
  }

  /** The next `times` requests that match are carried out, but their answers don't arrive. */
  loseAnswers(pattern: RegExp, times = 1): void {
    this.losses.push({ pattern, left: times });
  }

  /** The next request that matches is carried out, and answered when the function that is returned was called. */
  holdNext(pattern: RegExp): () => void {
    let release = () => undefined as void;
    const released = new Promise<void>((resolve) => (release = resolve));
    this.holds.push({ pattern, left: 1, released });
    return () => release();
  }

  private async answer(request: StrictRequest<DefaultBodyType>): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.replace(/^\/store/, "");
    const what = `${request.method} ${path}`;
    this.requests.push(what);
    const fault = takeNext(this.faults, what);
    if (fault) {
      if (fault.status === 0) return HttpResponse.error();
      return HttpResponse.json({ type: "error", message: fault.message }, { status: fault.status });
    }
    const body = request.method === "POST" ? await request.json().catch(() => ({})) : {};
    const answer = this.route(what, url.searchParams, body as Body);
    await takeNext(this.holds, what)?.released;
    return takeNext(this.losses, what) ? HttpResponse.error() : answer;
  }

  private route(what: string, query: URLSearchParams, body: Body): Response {
    const of = (pattern: RegExp) => pattern.exec(what)?.slice(1) as [string, string] | undefined;
    let found;
    if (what === "GET /regions") return json({ regions, count: 2, limit: 100, offset: 0 });
    if (what === "GET /product-categories") return json({ product_categories: [], count: 0, limit: 50, offset: 0 });
    if (what === "GET /products") return json(this.listProducts(query));
    if (what === "GET /shipping-options") return json({ shipping_options: shippingOptions });
    if (what === "GET /payment-providers") return json({ payment_providers: [{ id: "pp_system_default" }] });
    if (what === "POST /carts") return json({ cart: this.view(this.createCart(body.region_id)) });
    if (what === "POST /payment-collections") return this.createCollection(body.cart_id);
    if ((found = of(/^POST \/payment-collections\/([^/]+)\/payment-sessions$/)))
      return this.startSession(found[0], body);
    if ((found = of(/^GET \/orders\/(.+)$/))) {
      const order = this.orders.find((each) => each["id"] === found![0]);
      return order ? json({ order }) : missing("Order");
    }
    if ((found = of(/^\w+ \/carts\/([^/]+)/))) {
      const cart = this.carts.get(found[0]);
      return cart ? this.routeCart(what.replace(/\/carts\/[^/]+/, ""), cart, body) : missing("Cart");
    }
    return missing(what);
  }

  private routeCart(what: string, cart: MockCart, body: Body): Response {
    if (what === "GET ") return json({ cart: this.view(cart) });
    if (what === "POST /complete") return this.complete(cart);
    if (cart.completed_at) return json({ type: "not_allowed", message: "The cart is completed." }, 400);
    if (what === "POST ") {
      const moved = body.region_id as string | undefined;
      Object.assign(cart, body);
      if (moved) Object.assign(cart, { currency_code: region(moved).currency_code, shipping_address: null });
    } else if (what === "POST /line-items") {
      if (!this.addLine(cart, body.variant_id, body.quantity)) return outOfStock();
    } else if (what === "POST /shipping-methods") {
      const option = shippingOptions.find((each) => each.id === body.option_id)!;
      cart.shipping_methods = [{ id: "sm_1", shipping_option_id: option.id, name: option.name, amount: option.amount }];
    } else {
      return this.changeLine(what, cart, body.quantity);
    }
    return json({ cart: this.view(cart) });
  }

  createCart(regionId: string): MockCart {
    const cart: MockCart = {
      id: `cart_${++this.cartsMade}`,
      region_id: regionId,
      currency_code: region(regionId).currency_code,
      email: null,
      shipping_address: null,
      items: [],
      shipping_methods: [],
      payment_collection: null,
      completed_at: null,
    };
    this.carts.set(cart.id, cart);
    return cart;
  }

  private addLine(cart: MockCart, variantId: string, quantity: number): boolean {
    if (quantity > (this.stock[variantId] ?? 0)) return false;
    const same = cart.items.find((line) => line.variant_id === variantId);
    if (same) same.quantity += quantity;
    else {
      const variant_title = variantId === "variant_moss" ? "Moss" : "Ink";
      const names = {
        title: "Morning Mug",
        product_title: "Morning Mug",
        product_handle: "morning-mug",
        variant_title,
      };
      cart.items.push({ id: `line_${variantId}`, variant_id: variantId, unit_price: 0, total: 0, quantity, ...names });
    }
    return true;
  }

  private changeLine(what: string, cart: MockCart, quantity: number): Response {
    const line = cart.items.find((each) => what.endsWith(each.id));
    if (!line) return missing("Line item");
    if (what.startsWith("DELETE")) {
      cart.items = cart.items.filter((each) => each !== line);
      return json({ id: line.id, object: "line-item", deleted: true, parent: this.view(cart) });
    }
    if (quantity > this.stock[line.variant_id]!) return outOfStock();
    line.quantity = quantity;
    return json({ cart: this.view(cart) });
  }

  private createCollection(cartId: string): Response {
    const cart = this.carts.get(cartId);
    if (!cart) return missing("Cart");
    cart.payment_collection ??= { id: `paycol_${cart.id}`, payment_sessions: [] };
    return json({ payment_collection: cart.payment_collection });
  }

  private startSession(collectionId: string, body: Body): Response {
    const cart = [...this.carts.values()].find((each) => each.payment_collection?.id === collectionId);
    if (!cart) return missing("Payment collection");
    cart.payment_collection!.payment_sessions = [{ provider_id: body.provider_id, status: "pending" }];
    return json({ payment_collection: cart.payment_collection });
  }

  private complete(cart: MockCart): Response {
    const known = this.orders.find((each) => each["cart_id"] === cart.id);
    if (known) return json({ type: "order", order: known });
    if (!cart.payment_collection?.payment_sessions.length) {
      return json({ type: "cart", cart: this.view(cart), error: { message: "Payment sessions are required." } });
    }
    cart.completed_at = "2026-01-01T00:00:00Z";
    const number = this.orders.length + 1;
    const order = { ...this.view(cart), id: `order_${number}`, cart_id: cart.id, display_id: number };
    this.orders.push(order);
    return json({ type: "order", order });
  }

  /** A cart with its sums, as Medusa answers it: those named `original` are before discounts, the others after. */
  private view(cart: MockCart) {
    const left = 1 - (cart.percent_off ?? 0) / 100;
    const items = cart.items.map((line) => {
      const unit_price = prices[cart.region_id]![line.variant_id]!;
      const original_total = unit_price * line.quantity;
      return { ...line, unit_price, original_total, total: original_total * left };
    });
    const original_item_total = items.reduce((sum, line) => sum + line.original_total, 0);
    const original_shipping_total = cart.shipping_methods.reduce((sum, method) => sum + method.amount, 0);
    const item_total = original_item_total * left;
    const shipping_total = cart.free_shipping ? 0 : original_shipping_total;
    const total = item_total + shipping_total;
    const discount_total = original_item_total + original_shipping_total - total;
    const originals = { original_item_total, original_shipping_total };
    return { ...cart, items, ...originals, item_total, shipping_total, discount_total, tax_total: 0, total };
  }

  private listProducts(query: URLSearchParams) {
    const asked = query.get("handle");
    const products = this.products
      .filter((product) => !asked || product["handle"] === asked)
      .map((product) => this.mug(product, query.get("region_id")!));
    return { products, count: products.length, limit: 24, offset: 0 };
  }

  private mug(product: Record<string, unknown>, regionId: string) {
    const variant = (id: string, value: string) => ({
      id,
      title: value,
      manage_inventory: true,
      allow_backorder: false,
      inventory_quantity: this.stock[id],
      options: [{ id: `optval_${id}`, option_id: "opt_glaze", value }],
      calculated_price: {
        calculated_amount: prices[regionId]![id],
        currency_code: region(regionId).currency_code,
        is_calculated_price_tax_inclusive: true,
      },
    });
    return {
      id: `prod_${String(product["handle"])}`,
      title: "Morning Mug",
      description: "For two cold hands.",
      thumbnail: "/static/morning-mug.svg",
      images: [],
      options: [
        {
          id: "opt_glaze",
          title: "Glaze",
          values: [
            { id: "v1", value: "Moss" },
            { id: "v2", value: "Ink" },
          ],
        },
      ],
      variants: [variant("variant_ink", "Ink"), variant("variant_moss", "Moss")],
      ...product,
    };
  }
}

const shippingOptions = [
  { id: "so_standard", name: "Standard", amount: 4.9, type: { description: "In 2–4 days." } },
  { id: "so_express", name: "Express", amount: 12.9, type: { description: "Tomorrow." } },
];

function takeNext<Plan extends Planned>(plans: Plan[], what: string): Plan | undefined {
  const plan = plans.find((each) => each.left > 0 && each.pattern.test(what));
  if (plan) plan.left -= 1;
  return plan;
}

function region(id: string) {
  return regions.find((each) => each.id === id)!;
}

function json(body: object, status = 200): Response {
  return HttpResponse.json(body, { status });
}

function missing(what: string): Response {
  return json({ type: "not_found", message: `${what} was not found` }, 404);
}

function outOfStock(): Response {
  return json({ type: "not_allowed", message: "Some variant does not have the required inventory" }, 400);
}
