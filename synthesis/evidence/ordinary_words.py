"""Words that name nobody, although they stand where a name could: with a capital inside a sentence, after "my son", at its start."""

from __future__ import annotations

#: Words that stand with a capital inside a sentence and name nobody.
ORDINARY = frozenset({
    "I", "I'm", "I've", "I'll", "I'd", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    "Sunday", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December", "Christmas", "Easter", "Eid", "Ramadan", "Diwali", "English", "Welsh", "Scottish",
    "Irish", "British", "Polish", "Punjabi", "Urdu", "Arabic", "Somali", "Black", "White", "Asian", "Muslim",
    "Christian", "Jewish", "Hindu", "Sikh", "God", "Mum", "Dad", "Mummy", "Daddy", "Nan", "Social", "Services",
    "Service", "Care", "Court", "Family", "Families", "Child", "Children", "Children's", "Protection", "Plan",
    "Plans", "Mental", "Health", "Team", "Teams", "Early", "Help", "Hub", "Hubs", "Home", "Start", "Sure",
    "Centre", "Support", "Worker", "Workers", "Visitor", "Visitors", "Human", "Rights", "Act", "Crisis", "Line",
    "Mother", "Baby", "Unit", "Word", "Google", "Facebook", "WhatsApp", "Zoom", "Internet", "Covid", "Britain",
    "England", "Wales", "Scotland", "Ireland", "UK", "It", "Its", "The", "This", "That", "These", "Those", "They",
    "We", "You", "He", "She", "But", "And", "Or", "Not", "No", "Yes", "Nobody", "Everybody", "Somebody", "My",
    "Our", "Their", "His", "Her", "Your", "There", "Here", "When", "What", "Who", "Why", "How", "If", "So",
    "Because", "Too", "Very", "Please", "Thank", "Thanks", "All", "Some", "Many", "Most", "Only", "Also", "Just",
    "Sorry", "Maybe", "Western", "Eastern", "Northern", "Southern", "European", "American", "African", "Caribbean", "Indian",
    "Pakistani", "Bangladeshi", "Chinese", "Nigerian", "Turkish", "Kurdish", "Romanian", "Ukrainian", "Syrian", "Afghan",
    "Portuguese", "Spanish", "French", "German", "Italian", "Russian", "Bengali", "Swedish", "Norwegian", "Australian",
    "Traveller", "Travellers", "Roma", "Deaf", "Autistic", "Excel", "Healthcare", "Easy", "Read", "Never", "Always", "Good", "Bad", "Parent", "Parents",
})  # fmt: skip
#: Words that follow "my son" or a title and are no name, in small letters or capitals.
_PLAIN_WORDS = """
    about after again all alone always also am an and another any are as asked at away back be because been before being
    both but by came can cannot come could couldn't cried deserves did didn't do does doesn't doing don't down even ever
    every feels felt first for from gave get gets getting go goes going gone got grew had happy has hasn't have haven't he
    help helped helps her here him his home hurt i i'm if in into is isn't it its just kept knew know knows later learned
    left like liked lived lives living looked lost loved loves made makes may me might misses missed more most much must my
    need needed needs never no nor not now of off often on once one only or our out over put ran really safe said same saw
    says school see seen she should since so some still stayed stays started stopped such taken taking that the their them
    then there they this though through to together told too took towards turned two under until up us used very visited
    visits want wanted wants was wasn't we well went were weren't what when where which while who whose why will with
    without won't wouldn't would yes yet you your
    aged boy girl born crying fine growing ill old older sick sleeping today tomorrow yesterday young younger
    appointment appointments asks called comes decided doctor health judge lied listened listens manager nurse office
    practitioner rang room rooms service services social staff support teacher team teams tells testing training understood
    visitor visitors wing work worker workers works wrote cares cared calls carer carers contact custody court care cot
    clothes group groups order report
"""
PLAIN = frozenset(_PLAIN_WORDS.split())

#: Words that begin a sentence before a verb and name nobody: what people who write to a review team write about.
_STARTING_WORDS = """
    i it he she we they you who what which that this these those there here one ones some somebody someone something any
    anybody anyone anything no nobody none nothing every everybody everyone everything each either neither both all most
    many more much few fewer less least several half another other others such same enough whatever whoever whichever
    mine yours ours theirs hers his her my our your their its a an the and or but so if as at by for from in into of off on
    out over past per than till to under until up upon with without within yes yeah no nope ok okay oh well hi hello dear
    hey wow ah sorry please thanks thank maybe perhaps however therefore instead otherwise meanwhile again once twice
    often sometimes always never ever still yet already soon later now then today tomorrow yesterday tonight first
    second third next last finally before after afterwards during while when whenever where wherever why how since because
    although though unless whether about above across against along among around behind below beside between beyond
    despite down except inside like near opposite outside through throughout towards together apart rather quite even just
    only almost nearly also too very really not do does did done don't is are was were be been being am has have had can
    could may might must shall should will would ought let get got go goes gone come came take took make made give gave
    keep kept put see saw seen say said tell told ask asked think thought know knew feel felt find found leave left look
    need want wish hope try stop start help love like hate trust fear care blame shame guilt grief pain anger faith
    pride stigma stress worry hurt loss racism poverty abuse violence neglect harm risk safety danger crisis illness
    health sleep food rent debt money cash work job time space room place home house flat street hospital ward clinic unit
    court law police prison school nursery college church mosque office hub centre center service team staff group
    meeting visit call phone letter email text form paper report plan review assessment order rule law policy practice
    system process contact custody adoption fostering foster removal separation reunification support therapy counselling
    treatment medication medicine drug alcohol drink advice information language word wording title picture page part
    section theme study research evidence answer question comment example point reason truth fact story history life
    death birth pregnancy baby child kid son daughter boy girl teenager adult person people man woman men women mum mom
    mummy mother dad daddy father parent stepdad stepmum nan gran granny grandma grandad grandpa aunt auntie uncle cousin
    brother sister family husband wife partner ex boyfriend girlfriend friend neighbour carer worker nurse doctor gp
    midwife psychiatrist psychologist therapist counsellor solicitor lawyer barrister judge teacher manager practitioner
    professional official officer guardian advocate peer volunteer interpreter visitor facilitator researcher social
    mental early late good bad better best worse worst big small little long short high low hard easy right wrong true
    false new old young great nice kind sad happy angry tired lonely scared ashamed alone real poor rich free full empty
    open closed clear fair unfair enough everyday daily day night week weekend month year morning evening afternoon
    summer winter spring autumn christmas birthday minute hour moment age stage step side end beginning start middle rest
    half quarter number list kind sort type way thing bit lot idea view voice say choice change difference problem issue
    trouble need wait waiting list threshold door gap barrier cost benefit result outcome effect impact damage culture
    religion faith community society country council government authority charity area town city village gender race class
    disability autism depression anxiety psychosis bipolar trauma addiction recovery diagnosis label symptom episode mind
    body head heart brain self strength weakness skill training knowledge experience listening being having doing getting
    going feeling talking asking losing seeing hearing living working waiting making taking covid lockdown zoom internet
    facebook google god england britain wales scotland ireland london trust honesty respect kindness patience dignity
    privacy power control pressure judgement judgment attitude behaviour discipline motherhood fatherhood parenthood
    childhood parenting breastfeeding bonding attachment attention affection love warmth play toy bed meal dinner breakfast
    supervision confidentiality communication consent record file note minute transport travel bus car train
    rain weather fun rest quiet noise dirt mess shopping cooking cleaning housework benefit universal credit
    evidence proof chance hope luck fate stay access education funding staff shortage turnover continuity consistency
    medicaid hearing foster kinship respite crisis perinatal postnatal antenatal maternity inpatient outpatient
    reading writing pack booklet leaflet sheet large easy print colour font bullet box tick square
    rf am pm plus minus equal true section social-work feedback progress growth development everybody's
    landlord landlady childminder dentist receptionist vicar priest imam rabbi chaplain cleaner driver optician pharmacist
    chemist headteacher headmaster headmistress paramedic policeman policewoman copper magistrate clerk usher consultant
    registrar student trainee colleague boss employer jobcentre keyworker case-worker caseworker supervisor secretary
    tutor mentor coach counsel coroner stranger visitor guest host leader member user client patient survivor victim
    insomnia menopause asthma cancer diabetes epilepsy migraine adhd ocd ptsd bpd eupd schizophrenia mania paranoia
    hypomania panic agoraphobia dementia stroke hormone period miscarriage stillbirth caesarean birthmark fever flu cold
    wifi laptop computer tablet mobile telly television tv radio music coffee tea milk sugar bread cake pizza chicken soup
    dog puppy cat kitten pet rabbit hamster horse fish bird garden gate window key lock carpet damp mould fridge cooker
    heater gas electric electricity water shower bath bathroom bedroom kitchen sofa chair table floor roof lift
    budget paperwork homework jargon supper lunch dinner snack childcare nappy pram buggy bottle formula uniform coat shoe
    gossip rumour secret promise apology complaint appeal tribunal injunction divorce marriage wedding funeral cannabis
    cocaine heroin methadone weed beer wine vodka alcohol smoke gambling bingo football knitting yoga prayer gym art
    rage despair relief confusion doubt courage sorrow humour laughter silence sadness happiness peace calm chaos hell
    heaven nowt owt summat somehow anyhow u ya yous im ive id ill dont cant wont thats theyre youre hes shes
    kidney blood bone tooth sight sense taste smell touch sound noise light dark heat summer ice snow sun moon star sea
    beach park pool library museum cafe pub shop market bank post office estate tower block stair corridor car-park bill
    tax wage salary pension income pay credit loan bailiff universal council-tax arrears eviction tenancy mortgage deposit
    foodbank rehab relapse detox sunshine bedtime asylum jealousy childbirth playgroup outreach dyslexia breakfast
    phone-call voicemail app website page-one chapter paragraph sentence line spelling grammar font arrow
    inclusion exclusion isolation loneliness distrust mistrust suspicion surveillance scrutiny inequality injustice
"""
STARTERS = frozenset(_STARTING_WORDS.split()) | PLAIN | {word.lower() for word in ORDINARY}
#: Given names that end as common words do ("Fred", "Emily", "James").
NAMES = frozenset(
    [
        "mohammed",
        "muhammed",
        "ahmed",
        "fred",
        "alfred",
        "ted",
        "jared",
        "winifred",
        "mildred",
        "james",
        "thomas",
        "chris",
        "lucas",
        "marcus",
        "louis",
        "charles",
        "jess",
        "tess",
        "agnes",
        "alexis",
        "iris",
        "frances",
        "francis",
        "ross",
        "idris",
        "emily",
        "lily",
        "molly",
        "holly",
        "polly",
        "billy",
        "sally",
        "kelly",
        "carly",
        "elly",
        "lucy",
        "nancy",
        "tracy",
        "percy",
        "darcy",
        "stacy",
        "mercy",
        "florence",
        "clarence",
        "constance",
        "felicity",
        "charity",
        "trinity",
        "verity",
        "ross",
        "moses",
        "miles",
        "giles",
        "niamh",
        "elias",
        "tobias",
        "matthias",
        "dennis",
        "phyllis",
        "doris",
        "gladys",
        "mavis",
        "travis",
        "curtis",
        "otis",
        "angus",
        "fergus",
        "magnus",
        "linus",
        "rufus",
        "silas",
        "jonas",
        "nicholas",
        "douglas",
        "lois",
        "kris",
        "bess",
        "ines",
        "anais",
        "zeus",
        "yunus",
        "younis",
        "ilyas",
        "abbas",
        "anas",
        "aras",
        "wes",
        "les",
        "des",
        "gus",
        "russ",
        "clive",
        "olive",
        "sterling",
    ]
)
