import { Route, Routes } from "react-router";
import { Layout } from "./components/Layout";
import type { ShopConfig } from "./config";
import { CartPage } from "./pages/CartPage";
import { CheckoutPage } from "./pages/CheckoutPage";
import { HomePage } from "./pages/HomePage";
import { NotFoundPage } from "./pages/NotFoundPage";
import { OrderPage } from "./pages/OrderPage";
import { ProductPage } from "./pages/ProductPage";
import { CartProvider } from "./shop/CartContext";
import { ShopProvider } from "./shop/ShopContext";

/** The shop, below a router and a QueryClientProvider. */
export function App({ config }: { config: ShopConfig }) {
  return (
    <ShopProvider config={config}>
      <CartProvider>
        <Routes>
          <Route element={<Layout />}>
            <Route index element={<HomePage />} />
            <Route path="products/:handle" element={<ProductPage />} />
            <Route path="cart" element={<CartPage />} />
            <Route path="checkout/:step?" element={<CheckoutPage />} />
            <Route path="order/:id" element={<OrderPage />} />
            <Route path="*" element={<NotFoundPage />} />
          </Route>
        </Routes>
      </CartProvider>
    </ShopProvider>
  );
}
