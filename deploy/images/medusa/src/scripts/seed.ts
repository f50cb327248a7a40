import {
  createApiKeysWorkflow,
  createInventoryLevelsWorkflow,
  createProductCategoriesWorkflow,
  createProductsWorkflow,
  createRegionsWorkflow,
  createSalesChannelsWorkflow,
  createShippingOptionsWorkflow,
  createShippingProfilesWorkflow,
  createStockLocationsWorkflow,
  createTaxRegionsWorkflow,
  linkSalesChannelsToApiKeyWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
  updateStoresWorkflow,
} from "@medusajs/medusa/core-flows"
import type { ExecArgs, MedusaContainer } from "@medusajs/framework/types"
import { ContainerRegistrationKeys, Modules, ProductStatus } from "@medusajs/framework/utils"

import { categories, Product, products } from "./catalogue"

/** Countries of the European region with their standard VAT rate in percent. */
const europe: Record<string, number> = {
  at: 20, be: 21, cz: 21, de: 19, dk: 25, es: 21, fi: 25.5, fr: 20, gb: 20, ie: 23, it: 22, nl: 21, pl: 23, pt: 23, se: 25,
}
const MANUAL = "manual_manual"

async function seedRegions(container: MedusaContainer) {
  const { result: regions } = await createRegionsWorkflow(container).run({
    input: {
      regions: [
        {
          name: "Europe",
          currency_code: "eur",
          countries: Object.keys(europe),
          payment_providers: ["pp_system_default"],
          // Shoppers in Europe expect to see prices with VAT.
          is_tax_inclusive: true,
        },
        { name: "United States", currency_code: "usd", countries: ["us"], payment_providers: ["pp_system_default"] },
      ],
    },
  })
  const rates = Object.entries(europe).map(([country, rate]) => ({
    country_code: country,
    provider_id: "tp_system",
    default_tax_rate: { name: "VAT", code: `${country}-vat`, rate },
  }))
  await createTaxRegionsWorkflow(container).run({
    input: [...rates, { country_code: "us", provider_id: "tp_system" }],
  })
  return regions
}

async function seedSalesChannel(container: MedusaContainer): Promise<string> {
  const [existing] = await container.resolve(Modules.SALES_CHANNEL).listSalesChannels({})
  if (existing) {
    return existing.id
  }
  const { result } = await createSalesChannelsWorkflow(container).run({
    input: { salesChannelsData: [{ name: "Online shop" }] },
  })
  return result[0].id
}

async function seedStockLocation(container: MedusaContainer, salesChannelId: string): Promise<string> {
  const { result } = await createStockLocationsWorkflow(container).run({
    input: { locations: [{ name: "Main warehouse", address: { city: "Copenhagen", country_code: "DK", address_1: "" } }] },
  })
  const location = result[0]
  await container.resolve(ContainerRegistrationKeys.LINK).create({
    [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
    [Modules.FULFILLMENT]: { fulfillment_provider_id: MANUAL },
  })
  await linkSalesChannelsToStockLocationWorkflow(container).run({ input: { id: location.id, add: [salesChannelId] } })
  return location.id
}

type ShippingOption = { name: string; label: string; description: string; code: string; eur: number; usd: number }

const shippingOptions: ShippingOption[] = [
  { name: "Standard", label: "Standard", description: "At your door in 2–4 days.", code: "standard", eur: 4.9, usd: 6.9 },
  { name: "Express", label: "Express", description: "At your door tomorrow.", code: "express", eur: 12.9, usd: 19.9 },
]

async function seedShipping(container: MedusaContainer, locationId: string, regions: { id: string; currency_code: string }[]) {
  const fulfillment = container.resolve(Modules.FULFILLMENT)
  const [existing] = await fulfillment.listShippingProfiles({ type: "default" })
  const profile =
    existing ??
    (
      await createShippingProfilesWorkflow(container).run({
        input: { data: [{ name: "Parcels", type: "default" }] },
      })
    ).result[0]
  const set = await fulfillment.createFulfillmentSets({
    name: "Delivery from the main warehouse",
    type: "shipping",
    service_zones: [
      {
        name: "Europe and the United States",
        geo_zones: [...Object.keys(europe), "us"].map((country_code) => ({ country_code, type: "country" as const })),
      },
    ],
  })
  await container.resolve(ContainerRegistrationKeys.LINK).create({
    [Modules.STOCK_LOCATION]: { stock_location_id: locationId },
    [Modules.FULFILLMENT]: { fulfillment_set_id: set.id },
  })
  await createShippingOptionsWorkflow(container).run({
    input: shippingOptions.map(({ name, label, description, code, eur, usd }) => ({
      name,
      price_type: "flat" as const,
      provider_id: MANUAL,
      service_zone_id: set.service_zones[0].id,
      shipping_profile_id: profile.id,
      type: { label, description, code },
      prices: [
        { currency_code: "eur", amount: eur },
        { currency_code: "usd", amount: usd },
        ...regions.map((region) => ({ region_id: region.id, amount: region.currency_code === "eur" ? eur : usd })),
      ],
      rules: [
        { attribute: "enabled_in_store", value: "true", operator: "eq" as const },
        { attribute: "is_return", value: "false", operator: "eq" as const },
      ],
    })),
  })
  return profile.id as string
}

function productInput(product: Product, categoryId: string, profileId: string, salesChannelId: string) {
  // Relative on purpose: the same dump serves every store, whatever its host.
  const image = `/static/${product.handle}.svg`
  return {
    title: product.title,
    subtitle: product.subtitle,
    handle: product.handle,
    description: product.description,
    material: product.material,
    weight: product.weight,
    status: ProductStatus.PUBLISHED,
    category_ids: [categoryId],
    shipping_profile_id: profileId,
    thumbnail: image,
    images: [{ url: image }],
    options: [{ title: product.option, values: product.variants.map(([value]) => value) }],
    variants: product.variants.map(([value, sku, eur, usd]) => ({
      title: value,
      sku,
      manage_inventory: true,
      options: { [product.option]: value },
      prices: [
        { currency_code: "eur", amount: eur },
        { currency_code: "usd", amount: usd },
      ],
    })),
    sales_channels: [{ id: salesChannelId }],
  }
}

async function seedProducts(container: MedusaContainer, profileId: string, salesChannelId: string) {
  const { result: created } = await createProductCategoriesWorkflow(container).run({
    input: { product_categories: categories.map((category, rank) => ({ ...category, rank, is_active: true })) },
  })
  const categoryIds = new Map(created.map((category) => [category.name, category.id]))
  await createProductsWorkflow(container).run({
    input: {
      products: products.map((product) =>
        productInput(product, categoryIds.get(product.category) as string, profileId, salesChannelId)
      ),
    },
  })
}

async function seedInventory(container: MedusaContainer, locationId: string) {
  const items = await container.resolve(Modules.INVENTORY).listInventoryItems({}, { select: ["id"], take: 1000 })
  await createInventoryLevelsWorkflow(container).run({
    input: {
      inventory_levels: items.map(({ id }) => ({ inventory_item_id: id, location_id: locationId, stocked_quantity: 500 })),
    },
  })
}

async function seedPublishableKey(container: MedusaContainer, salesChannelId: string) {
  const apiKeys = container.resolve(Modules.API_KEY)
  const [existing] = await apiKeys.listApiKeys({ type: "publishable" })
  const key =
    existing ??
    (
      await createApiKeysWorkflow(container).run({
        input: { api_keys: [{ title: "Storefront", type: "publishable", created_by: "" }] },
      })
    ).result[0]
  await linkSalesChannelsToApiKeyWorkflow(container).run({ input: { id: key.id, add: [salesChannelId] } })
}

/** Fills an empty, migrated database with everything a shopper's journey needs. Run once, by build.py. */
export default async function seed({ container }: ExecArgs) {
  const logger = container.resolve(ContainerRegistrationKeys.LOGGER)
  const regions = await seedRegions(container)
  const salesChannelId = await seedSalesChannel(container)
  const locationId = await seedStockLocation(container, salesChannelId)
  const profileId = await seedShipping(container, locationId, regions)
  await seedProducts(container, profileId, salesChannelId)
  await seedInventory(container, locationId)
  await seedPublishableKey(container, salesChannelId)
  const [store] = await container.resolve(Modules.STORE).listStores({})
  await updateStoresWorkflow(container).run({
    input: {
      selector: { id: store.id },
      update: {
        supported_currencies: [
          { currency_code: "eur", is_default: true, is_tax_inclusive: true },
          { currency_code: "usd" },
        ],
        default_sales_channel_id: salesChannelId,
        default_location_id: locationId,
        default_region_id: regions.find((region) => region.currency_code === "eur")?.id,
      },
    },
  })
  logger.info(`seeded ${products.length} products`)
}
