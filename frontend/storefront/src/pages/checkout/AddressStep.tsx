import { useRef, useState, type FormEvent } from "react";
import { useNavigate } from "react-router";
import { described, FieldFrame, TextField } from "../../components/Field";
import { Problem } from "../../components/Notice";
import { checkAddress, hasProvince, trimAddress, type AddressErrors, type AddressForm } from "../../domain/address";
import type { Cart } from "../../shop/cart";
import { useUpdateCart } from "../../shop/changes";
import { explain } from "../../shop/medusa";
import { useShop } from "../../shop/ShopContext";

/** Who buys, and where it goes. */
export function AddressStep({ cart }: { cart: Cart }) {
  const update = useUpdateCart(cart);
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const countries = useCountries(cart);
  const [typed, setValues] = useState(() => initialValues(cart));
  // The region can be changed while the form is open, and a country belongs to a region.
  const values = { ...typed, country_code: countryWithin(countries, typed.country_code) };
  const [errors, setErrors] = useState<AddressErrors>({});

  function submit(event: FormEvent) {
    event.preventDefault();
    const found = checkAddress(values);
    setErrors(found);
    const first = Object.keys(found)[0];
    if (first) {
      form.current?.querySelector<HTMLElement>(`#field-${first}`)?.focus();
      return;
    }
    const { email, ...address } = trimAddress(values);
    update.mutate(
      { email, shipping_address: address, billing_address: address },
      { onSuccess: () => void navigate("/checkout/shipping") },
    );
  }

  const field = (name: keyof AddressForm) => ({
    name,
    value: values[name],
    error: errors[name],
    onChange: (event: { target: { value: string } }) => {
      setValues({ ...values, [name]: event.target.value });
      if (errors[name]) setErrors({ ...errors, [name]: undefined });
    },
  });
  const { error: countryError, ...country } = field("country_code");

  return (
    <form ref={form} noValidate onSubmit={submit} className="fields" aria-label="Address">
      <TextField label="E-mail" type="email" autoComplete="email" {...field("email")} />
      <TextField label="First name" autoComplete="given-name" {...field("first_name")} />
      <TextField label="Last name" autoComplete="family-name" {...field("last_name")} />
      <TextField label="Street and number" autoComplete="address-line1" {...field("address_1")} />
      <TextField label="Apartment, company" optional autoComplete="address-line2" {...field("address_2")} />
      <TextField label="Postal code" autoComplete="postal-code" {...field("postal_code")} />
      <TextField label="City" autoComplete="address-level2" {...field("city")} />
      <FieldFrame name="country_code" label="Country" error={countryError}>
        <select required autoComplete="country" {...country} {...described("country_code", countryError)}>
          <option value="">Choose…</option>
          {countries.map(({ code, name }) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </select>
      </FieldFrame>
      {hasProvince(values.country_code) && (
        <TextField label="State" optional autoComplete="address-level1" {...field("province")} />
      )}
      <TextField label="Telephone" type="tel" optional autoComplete="tel" {...field("phone")} />
      <Problem testId="checkout-problem">{update.isError && explain(update.error)}</Problem>
      <button type="submit" className="button" disabled={update.isPending} data-testid="continue">
        {update.isPending ? "Saving…" : "Continue to shipping"}
      </button>
    </form>
  );
}

function useCountries(cart: Cart): { code: string; name: string }[] {
  const { regions } = useShop();
  const region = regions.find((each) => each.id === cart.region_id);
  return (region?.countries ?? [])
    .map((country) => ({ code: country.iso_2 ?? "", name: country.display_name ?? country.iso_2 ?? "" }))
    .filter((country) => country.code !== "")
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The chosen country if it can be delivered to, else the only one that can, else none yet. */
function countryWithin(countries: { code: string }[], chosen: string): string {
  if (countries.some((country) => country.code === chosen)) return chosen;
  return countries.length === 1 ? countries[0]!.code : "";
}

function initialValues(cart: Cart): AddressForm {
  const known = cart.shipping_address;
  return {
    email: cart.email ?? "",
    first_name: known?.first_name ?? "",
    last_name: known?.last_name ?? "",
    address_1: known?.address_1 ?? "",
    address_2: known?.address_2 ?? "",
    postal_code: known?.postal_code ?? "",
    city: known?.city ?? "",
    country_code: known?.country_code ?? "",
    province: known?.province ?? "",
    phone: known?.phone ?? "",
  };
}
