"""Link types of the GS1 Web Vocabulary (1.16): what a link gives to whoever follows it.

Those of medicine and devices are left out, for they are regulated; what was withdrawn is read and never written.
"""

from typing import Final

VOCABULARY: Final = "https://ref.gs1.org/voc/"
DEFAULT_LINK: Final = "defaultLink"
DEFAULT_LINK_MULTI: Final = "defaultLinkMulti"
# Not a page but another resolver, which answers for a number in place of this one.
HANDLED_BY: Final = "handledBy"
# Where every resolver says what it answers.
DESCRIPTION: Final = "/.well-known/gs1resolver"
# What a linkset is asked for with; `all` is how it was until 1.1.
LINKSET_WORDS: Final = frozenset(("linkset", "all"))
_PREFIXES: Final = (
    "gs1:",
    VOCABULARY,
    "https://gs1.org/voc/",
    "https://www.gs1.org/voc/",
    "http://gs1.org/voc/",
    "http://www.gs1.org/voc/",
)
_WITHDRAWN: Final = {"productSustainabilityInfo": "sustainabilityInfo"}

# By the order in which a merchandiser thinks of them.
LINK_TYPES: Final = {
    "pip": "Product page",
    "promotion": "Offer",
    "review": "Reviews",
    "leaveReview": "Write a review",
    "relatedVideo": "Video",
    "relatedImage": "Pictures",
    "instructions": "Instructions",
    "quickStartGuide": "First steps",
    "tutorial": "Tutorial",
    "consumerHandlingStorageInfo": "Care and storage",
    "purchaseSuppliesOrAccessories": "Goes with it",
    "whatsInTheBox": "What is in the box",
    "hasRetailers": "Where to buy",
    "paymentLink": "Pay",
    "sustainabilityInfo": "Sustainability and recycling",
    "dpp": "Product passport",
    "certificationInfo": "Certificates",
    "traceability": "Where it comes from",
    "verificationService": "Is it genuine",
    "safetyInfo": "Safety",
    "recallStatus": "Recall",
    "ingredientsInfo": "Ingredients",
    "nutritionalInfo": "Nutrition",
    "allergenInfo": "Allergens",
    "recipeInfo": "Recipes",
    "smartLabel": "SmartLabel",
    "registerProduct": "Register it",
    "serviceInfo": "Service and repair",
    "support": "Help",
    "faqs": "Questions and answers",
    "loyaltyProgram": "Loyalty programme",
    "subscribe": "Sign up",
    "eventsInfo": "Events",
    "scheduleTime": "Make an appointment",
    "socialMedia": "Social media",
    "appDownload": "App",
    "locationInfo": "The store",
    "openingHoursInfo": "Opening hours",
    "menuInfo": "Menu",
    "masterData": "Master data",
    "epcis": "Events in the supply chain",
    HANDLED_BY: "Another resolver",
}


def read_link_type(text: str) -> str:
    """The bare name of a link type, as `pip`, however it is written; whatever it is where it is none of GS1's."""
    for prefix in _PREFIXES:
        if text.startswith(prefix):
            text = text[len(prefix) :]
            break
    return _WITHDRAWN.get(text, text)


def uri_of(link_type: str) -> str:
    """A link type as a linkset writes it."""
    return f"{VOCABULARY}{link_type}"
