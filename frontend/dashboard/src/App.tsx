import { Center, Loader } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import { isSignedOut } from "./api/http";
import { useMe } from "./api/queries";
import { Layout } from "./components/Layout";
import { ProblemAlert } from "./components/ProblemAlert";
import { TenantProvider } from "./tenant/TenantContext";
import { LiveProvider } from "./live/LiveContext";
import { NotFoundPage } from "./pages/NotFoundPage";
import { SignInPage } from "./pages/SignInPage";
import StoresPage from "./pages/StoresPage";

const NewStorePage = lazy(() => import("./pages/NewStorePage"));
const StorePage = lazy(() => import("./pages/StorePage"));
const TokensPage = lazy(() => import("./pages/TokensPage"));
const MembersPage = lazy(() => import("./pages/MembersPage"));
const AuditPage = lazy(() => import("./pages/AuditPage"));

/** The dashboard, below a router, Mantine and a QueryClientProvider. */
export function App() {
  const { data: me, error, isPending, refetch } = useMe();
  if (isSignedOut(error)) return <SignInPage />;
  if (isPending) return <Waiting />;
  if (!me) {
    return (
      <Center mih="60vh" p="md">
        <ProblemAlert title="The dashboard can't be shown" error={error} retry={() => void refetch()} />
      </Center>
    );
  }
  return (
    <LiveProvider key={me.username}>
      <TenantProvider me={me}>
        <Layout me={me}>
          <Suspense fallback={<Waiting />}>
            <Routes>
              <Route index element={<StoresPage />} />
              <Route path="ui/new" element={<NewStorePage />} />
              <Route path="ui/stores/:name" element={<StorePage />} />
              <Route path="ui/tokens" element={<TokensPage me={me} />} />
              <Route path="ui/members" element={<MembersPage me={me} />} />
              <Route path="ui/audit" element={<AuditPage />} />
              <Route path="*" element={<NotFoundPage />} />
            </Routes>
          </Suspense>
        </Layout>
      </TenantProvider>
    </LiveProvider>
  );
}

function Waiting() {
  return (
    <Center mih="60vh" role="status">
      <Loader aria-label="Loading" />
    </Center>
  );
}
