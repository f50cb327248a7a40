/** Who buys and where it goes, as the checkout form holds it: all text, empty until typed. */
export interface AddressForm {
  email: string;
  first_name: string;
  last_name: string;
  address_1: string;
  address_2: string;
  postal_code: string;
  city: string;
  country_code: string;
  /** The state; asked for where letters need one. */
  province: string;
  phone: string;
}

export type AddressErrors = Partial<Record<keyof AddressForm, string>>;

const required: Partial<Record<keyof AddressForm, string>> = {
  email: "Enter your e-mail address.",
  first_name: "Enter your first name.",
  last_name: "Enter your last name.",
  address_1: "Enter your street and house number.",
  postal_code: "Enter your postal code.",
  city: "Enter your city.",
  country_code: "Choose your country.",
};

/** One sentence for each field that can't be sent as it is; empty when all is well. */
export function checkAddress(form: AddressForm): AddressErrors {
  const errors: AddressErrors = {};
  for (const [field, message] of Object.entries(required) as [keyof AddressForm, string][]) {
    if (form[field].trim() === "") errors[field] = message;
  }
  // Only what is certainly wrong is refused: the address is proven by the mail that arrives.
  if (!errors.email && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(form.email.trim())) {
    errors.email = "This does not look like an e-mail address; it should read like name@example.com.";
  }
  if (form.phone.trim() !== "" && !/^[+\d][\d\s()/.-]{3,}$/.test(form.phone.trim())) {
    errors.phone = "Use digits, spaces and a leading + only, or leave this empty.";
  }
  return errors;
}

/** Whether an address in the country names its state, too. */
export function hasProvince(countryCode: string): boolean {
  return countryCode.toLowerCase() === "us";
}

/** The form without blanks at the ends; country codes as Medusa wants them, and no state of another country. */
export function trimAddress(form: AddressForm): AddressForm {
  const trimmed = Object.fromEntries(Object.entries(form).map(([key, value]) => [key, value.trim()]));
  const address = { ...(trimmed as unknown as AddressForm), country_code: form.country_code.toLowerCase() };
  // Sent empty rather than left out: an address that moved must not keep the state that it was in.
  return hasProvince(address.country_code) ? address : { ...address, province: "" };
}

type Place = Partial<Record<"postal_code" | "city" | "province" | "country_code", string | null>>;

/** Where an address is, on one line: `94103 San Francisco, CA, US`. */
export function placeLine({ postal_code, city, province, country_code }: Place): string {
  const town = [postal_code, city].filter(Boolean).join(" ");
  return [town, province, country_code?.toUpperCase()].filter(Boolean).join(", ");
}
