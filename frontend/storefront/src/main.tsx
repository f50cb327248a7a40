import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { App } from "./App";
import { applyTheme, loadConfig } from "./config";
import { isPassing } from "./shop/medusa";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/shop.css";
import "./styles/checkout.css";

const queryClient = new QueryClient({
  defaultOptions: { queries: { staleTime: 30_000, retry: (count, error) => count < 2 && isPassing(error) } },
});

async function start(root: HTMLElement): Promise<void> {
  try {
    const config = await loadConfig();
    applyTheme(config.theme);
    createRoot(root).render(
      <StrictMode>
        <QueryClientProvider client={queryClient}>
          <BrowserRouter>
            <App config={config} />
          </BrowserRouter>
        </QueryClientProvider>
      </StrictMode>,
    );
  } catch (error) {
    const sentence = document.createElement("p");
    sentence.setAttribute("role", "alert");
    sentence.className = "start-failed";
    sentence.textContent = `${error instanceof Error ? error.message : String(error)} Reload the page to try again.`;
    root.replaceChildren(sentence);
  }
}

void start(document.getElementById("root")!);
