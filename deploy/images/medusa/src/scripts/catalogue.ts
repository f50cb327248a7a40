/** What a new store sells: plain data, turned into Medusa's records by seed.ts. */

export type Product = {
  title: string
  subtitle: string
  handle: string
  category: string
  description: string
  material: string
  /** grams */
  weight: number
  option: string
  /** Option value, SKU suffix, price in EUR and in USD. */
  variants: [value: string, sku: string, eur: number, usd: number][]
}

export const categories = [
  { name: "Kitchen & Table", handle: "kitchen-table", description: "Stoneware, wood and linen for slow meals." },
  { name: "Home & Comfort", handle: "home-comfort", description: "Warm light and warm wool for long evenings." },
  { name: "Paper & Carry", handle: "paper-carry", description: "For what you write down and take along." },
]

export const products: Product[] = [
  {
    title: "Morning Mug",
    subtitle: "Hand-thrown stoneware, 320 ml",
    handle: "morning-mug",
    category: "Kitchen & Table",
    description:
      "A mug that sits well in two cold hands. Thrown on the wheel in small batches, glazed inside and left bare " +
      "at the foot, so that you can feel the clay.\n\nHolds 320 ml, keeps its heat for a long breakfast, and is safe " +
      "in the dishwasher and the microwave. Each glaze breaks a little differently at the rim: yours is the only one.",
    material: "Stoneware",
    weight: 380,
    option: "Glaze",
    variants: [
      ["Moss", "MUG-MOSS", 24, 26],
      ["Sand", "MUG-SAND", 24, 26],
      ["Ink", "MUG-INK", 26, 28],
    ],
  },
  {
    title: "Slow Teapot",
    subtitle: "Stoneware with a basket of steel",
    handle: "slow-teapot",
    category: "Kitchen & Table",
    description:
      "Made for the second cup. The wide basket gives leaves room to open, the spout is cut sharp so that it never " +
      "drips, and the lid stays put while you pour.\n\nThe small pot makes two cups, the large one five. The handle " +
      "stays cool, the belly stays warm.",
    material: "Stoneware, stainless steel",
    weight: 920,
    option: "Size",
    variants: [
      ["0.6 l", "POT-06", 58, 64],
      ["1.1 l", "POT-11", 72, 79],
    ],
  },
  {
    title: "Oak Serving Board",
    subtitle: "One plank, oiled by hand",
    handle: "oak-serving-board",
    category: "Kitchen & Table",
    description:
      "Cut from a single plank of European oak, so there is no glue line to open. The edges are rounded for the hand, " +
      "the hole is for a nail by the stove.\n\nFinished with linseed oil. Wash it by hand, let it dry upright, and oil " +
      "it again when it looks thirsty: it will outlive the kitchen.",
    material: "European oak",
    weight: 1100,
    option: "Size",
    variants: [
      ["Small", "BOARD-S", 34, 37],
      ["Large", "BOARD-L", 49, 54],
    ],
  },
  {
    title: "Linen Apron",
    subtitle: "Washed linen with deep pockets",
    handle: "linen-apron",
    category: "Kitchen & Table",
    description:
      "Heavy linen, washed before it is cut, so it is soft on the first day and stays the same size for years. Straps " +
      "cross at the back: nothing hangs from your neck.\n\nTwo deep pockets, one loop for a towel. Machine wash warm, " +
      "and let it crease. It should.",
    material: "100 % European linen",
    weight: 310,
    option: "Size",
    variants: [
      ["S/M", "APRON-SM", 62, 68],
      ["L/XL", "APRON-LX", 62, 68],
    ],
  },
  {
    title: "Evening Candle",
    subtitle: "Rapeseed wax, about 45 hours",
    handle: "evening-candle",
    category: "Home & Comfort",
    description:
      "Poured by hand from rapeseed wax with a plain cotton wick. It burns clean and slowly, about 45 hours, in a " +
      "tumbler that is a good glass afterwards.\n\nCedar is dry and warm, fig is green and a little sweet, and the " +
      "third smells of nothing at all, for dinner.",
    material: "Rapeseed wax, cotton, glass",
    weight: 540,
    option: "Scent",
    variants: [
      ["Cedar", "CANDLE-CEDAR", 28, 31],
      ["Fig", "CANDLE-FIG", 28, 31],
      ["Unscented", "CANDLE-NONE", 25, 28],
    ],
  },
  {
    title: "Wool Throw",
    subtitle: "Woven lambswool, 130 × 180 cm",
    handle: "wool-throw",
    category: "Home & Comfort",
    description:
      "Lambswool, spun and woven within a day's drive of the flock. Light enough for a lap, large enough for two on " +
      "a sofa, with a fringe that is twisted and not glued.\n\n130 × 180 cm. Air it rather than wash it; wool cleans " +
      "itself better than we could.",
    material: "100 % lambswool",
    weight: 860,
    option: "Colour",
    variants: [
      ["Moss", "THROW-MOSS", 119, 129],
      ["Oat", "THROW-OAT", 119, 129],
    ],
  },
  {
    title: "Field Notebook",
    subtitle: "Thread-bound, 160 pages",
    handle: "field-notebook",
    category: "Paper & Carry",
    description:
      "Thread-bound, so it lies flat on the first page and on the last. 160 pages of 90 g paper that takes a fountain " +
      "pen without a ghost on the other side.\n\nA cloth spine, rounded corners, a pocket at the back for tickets and " +
      "leaves. It fits a coat pocket.",
    material: "Paper, book cloth",
    weight: 240,
    option: "Paper",
    variants: [
      ["Plain", "NOTE-PLAIN", 16, 18],
      ["Dotted", "NOTE-DOT", 16, 18],
      ["Lined", "NOTE-LINE", 16, 18],
    ],
  },
  {
    title: "Harbour Tote",
    subtitle: "Heavy canvas, 18 litres",
    handle: "harbour-tote",
    category: "Paper & Carry",
    description:
      "Canvas of 500 g that stands up by itself while you fill it. The handles run under the bottom, so it carries " +
      "bread and books as easily as a week of apples.\n\n18 litres, an inner pocket for keys and telephone. Brush it " +
      "clean; it gets better with wear.",
    material: "Organic cotton canvas",
    weight: 520,
    option: "Colour",
    variants: [
      ["Natural", "TOTE-NAT", 39, 43],
      ["Ink", "TOTE-INK", 42, 46],
    ],
  },
]
