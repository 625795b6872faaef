/* engine/expr/zone_read_list.h - X(zone, its short names, its names in full): the zone that a name means.
 *
 * As Java 17 reads them in English: of the zones that bear a name the one that stands for them (CET is
 * Paris). Names stand between bars. */
X("Africa/Abidjan", "|ATT|GHST|IST|IT|",
  "|British Summer Time|British Time|Ghana Mean Time|Ghana Summer Time|Greenwich Mean "
  "Time|Irish Standard Time|Irish Time|Troll Time|")
X("Africa/Johannesburg", "|SAST|SAT|",
  "|South Africa Standard Time|South Africa Summer Time|South Africa Time|")
X("Africa/Lagos", "|WAST|WAT|", "|West Africa Standard Time|West Africa Summer Time|West Africa Time|")
X("Africa/Maputo", "|CAST|CAT|",
  "|Central Africa Time|Central African Summer Time|Central African Time|Western African Time|")
X("Africa/Nairobi", "|EAT|", "|East Africa Time|Eastern Africa Time|Eastern African Summer Time|")
X("America/Argentina/Buenos_Aires", "|ARST|ART|",
  "|Argentina Standard Time|Argentina Summer Time|Argentina Time|")
X("America/Asuncion", "|PYST|PYT|", "|Paraguay Standard Time|Paraguay Summer Time|Paraguay Time|")
X("America/Bogota", "|COST|COT|", "|Colombia Standard Time|Colombia Summer Time|Colombia Time|")
X("America/Caracas", "|VEST|VET|", "|Venezuela Summer Time|Venezuela Time|")
X("America/Cayenne", "|GFST|GFT|", "|French Guiana Summer Time|French Guiana Time|")
X("America/Chicago", "|CDT|CST|CT|", "|Central Daylight Time|Central Standard Time|Central Time|")
X("America/Denver", "|MDT|MST|", "|Mountain Daylight Time|Mountain Standard Time|Mountain Time|")
X("America/Guayaquil", "|ECST|ECT|", "|Ecuador Summer Time|Ecuador Time|")
X("America/Guyana", "|GYST|GYT|", "|Guyana Summer Time|Guyana Time|")
X("America/Halifax", "|ADT|AST|AT|", "|Atlantic Daylight Time|Atlantic Standard Time|Atlantic Time|")
X("America/Havana", "|", "|Cuba Daylight Time|Cuba Standard Time|Cuba Time|")
X("America/Juneau", "|AKDT|AKST|AKT|", "|Alaska Daylight Time|Alaska Standard Time|Alaska Time|")
X("America/La_Paz", "|BOST|BOT|", "|Bolivia Summer Time|Bolivia Time|")
X("America/Lima", "|PEST|PET|", "|Peru Standard Time|Peru Summer Time|Peru Time|")
X("America/Los_Angeles", "|PDT|PST|PT|", "|Pacific Daylight Time|Pacific Standard Time|Pacific Time|")
X("America/Manaus", "|AMST|AMT|", "|Amazon Standard Time|Amazon Summer Time|Amazon Time|")
X("America/Mazatlan", "|",
  "|Mexican Pacific Daylight Time|Mexican Pacific Standard Time|Mexican Pacific Time|")
X("America/Miquelon", "|PMDT|PMST|PMT|",
  "|St. Pierre & Miquelon Daylight Time|St. Pierre & Miquelon Standard Time|St. Pierre & "
  "Miquelon Time|")
X("America/Montevideo", "|UYST|UYT|", "|Uruguay Standard Time|Uruguay Summer Time|Uruguay Time|")
X("America/New_York", "|EDT|EST|ET|", "|Eastern Daylight Time|Eastern Standard Time|Eastern Time|")
X("America/Noronha", "|FNST|FNT|",
  "|Fernando de Noronha Standard Time|Fernando de Noronha Summer Time|Fernando de Noronha Time|")
X("America/Nuuk", "|WGST|WGT|",
  "|West Greenland Standard Time|West Greenland Summer Time|West Greenland Time|")
X("America/Paramaribo", "|SRST|SRT|", "|Suriname Summer Time|Suriname Time|")
X("America/Punta_Arenas", "|", "|Punta Arenas Standard Time|Punta Arenas Time|")
X("America/Rio_Branco", "|ACST|ACT|", "|Acre Standard Time|Acre Summer Time|Acre Time|")
X("America/Santiago", "|", "|Chile Standard Time|")
X("America/Sao_Paulo", "|BRST|BRT|", "|Brasilia Standard Time|Brasilia Summer Time|Brasilia Time|")
X("America/Scoresbysund", "|EGST|EGT|",
  "|East Greenland Standard Time|East Greenland Summer Time|East Greenland Time|")
X("America/St_Johns", "|NDT|NST|NT|",
  "|Newfoundland Daylight Time|Newfoundland Standard Time|Newfoundland Time|")
X("America/Tijuana", "|",
  "|Northwest Mexico Daylight Time|Northwest Mexico Standard Time|Northwest Mexico Time|")
X("Antarctica/Casey", "|", "|Australian Western Time|Casey Time|")
X("Antarctica/Davis", "|DAVST|DAVT|", "|Davis Summer Time|Davis Time|")
X("Antarctica/Mawson", "|MAWST|MAWT|", "|Mawson Summer Time|Mawson Time|")
X("Antarctica/Palmer", "|CLST|CLT|", "|Chile Summer Time|Chile Time|")
X("Antarctica/Rothera", "|ROTST|ROTT|", "|Rothera Summer Time|Rothera Time|")
X("Antarctica/Vostok", "|VOSST|VOST|", "|Vostok Summer Time|Vostok Time|")
X("Asia/Almaty", "|ALMST|ALMT|QOSST|QOST|",
  "|Alma-Ata Summer Time|Alma-Ata Time|East Kazakhstan Time|Kostanay Summer Time|Kostanay Time|")
X("Asia/Anadyr", "|ANAST|ANAT|", "|Anadyr Standard Time|Anadyr Summer Time|Anadyr Time|")
X("Asia/Aqtobe", "|AQTST|AQTT|ORAST|ORAT|QYZST|QYZT|",
  "|Aqtau Summer Time|Aqtau Time|Aqtobe Summer Time|Aqtobe Time|Atyrau Daylight Time|Atyrau "
  "Time|Oral Summer Time|Oral Time|Qyzylorda Summer Time|Qyzylorda Time|West Kazakhstan Time|")
X("Asia/Ashgabat", "|TMST|TMT|", "|Turkmenistan Standard Time|Turkmenistan Summer Time|Turkmenistan Time|")
X("Asia/Baku", "|AZST|AZT|", "|Azerbaijan Standard Time|Azerbaijan Summer Time|Azerbaijan Time|")
X("Asia/Bangkok", "|CIT|CXST|CXT|ICST|ICT|",
  "|Christmas Island Summer Time|Christmas Island Time|Indochina Summer Time|Indochina Time|")
X("Asia/Barnaul", "|", "|Barnaul Daylight Time|Barnaul Standard Time|Barnaul Time|")
X("Asia/Bishkek", "|KGST|KGT|", "|Kirgizstan Summer Time|Kirgizstan Time|Kyrgyzstan Time|")
X("Asia/Dhaka", "|BDST|BDT|", "|Bangladesh Standard Time|Bangladesh Summer Time|Bangladesh Time|")
X("Asia/Dili", "|TLST|TLT|", "|East Timor Time|Timor-Leste Summer Time|Timor-Leste Time|")
X("Asia/Dubai", "|REST|RET|SCST|SCT|",
  "|Gulf Daylight Time|Gulf Standard Time|Gulf Time|Reunion Summer Time|Reunion Time|Réunion "
  "Time|Seychelles Summer Time|Seychelles Time|")
X("Asia/Dushanbe", "|TJST|TJT|", "|Tajikistan Summer Time|Tajikistan Time|")
X("Asia/Hong_Kong", "|HKST|HKT|", "|Hong Kong Standard Time|Hong Kong Summer Time|Hong Kong Time|")
X("Asia/Hovd", "|HOVST|HOVT|", "|Hovd Standard Time|Hovd Summer Time|Hovd Time|")
X("Asia/Irkutsk", "|IRKST|IRKT|", "|Irkutsk Standard Time|Irkutsk Summer Time|Irkutsk Time|")
X("Asia/Jakarta", "|WIB|WIST|", "|West Indonesia Summer Time|West Indonesia Time|Western Indonesia Time|")
X("Asia/Jayapura", "|EIST|WIT|", "|East Indonesia Summer Time|East Indonesia Time|Eastern Indonesia Time|")
X("Asia/Jerusalem", "|", "|Israel Daylight Time|Israel Standard Time|Israel Time|")
X("Asia/Kabul", "|AFST|AFT|", "|Afghanistan Summer Time|Afghanistan Time|")
X("Asia/Kamchatka", "|PETST|PETT|",
  "|Petropavlovsk-Kamchatski Standard Time|Petropavlovsk-Kamchatski Summer "
  "Time|Petropavlovsk-Kamchatski Time|")
X("Asia/Karachi", "|PKST|PKT|", "|Pakistan Standard Time|Pakistan Summer Time|Pakistan Time|")
X("Asia/Kathmandu", "|NPST|NPT|", "|Nepal Summer Time|Nepal Time|")
X("Asia/Kolkata", "|IDT|", "|India Daylight Time|India Standard Time|India Time|")
X("Asia/Krasnoyarsk", "|KRAST|KRAT|", "|Krasnoyarsk Standard Time|Krasnoyarsk Summer Time|Krasnoyarsk Time|")
X("Asia/Kuching", "|BNST|BNT|MYST|MYT|",
  "|Brunei Darussalam Time|Brunei Summer Time|Brunei Time|Malaysia Summer Time|Malaysia Time|")
X("Asia/Magadan", "|MAGST|MAGT|", "|Magadan Standard Time|Magadan Summer Time|Magadan Time|")
X("Asia/Makassar", "|CIST|WITA|", "|Central Indonesia Summer Time|Central Indonesia Time|")
X("Asia/Manila", "|", "|Philippine Standard Time|Philippine Summer Time|Philippine Time|")
X("Asia/Novosibirsk", "|NOVST|NOVT|", "|Novosibirsk Standard Time|Novosibirsk Summer Time|Novosibirsk Time|")
X("Asia/Omsk", "|OMSST|OMST|", "|Omsk Standard Time|Omsk Summer Time|Omsk Time|")
X("Asia/Riyadh", "|SYOST|SYOT|",
  "|Arabian Daylight Time|Arabian Standard Time|Arabian Time|Syowa Summer Time|Syowa Time|")
X("Asia/Sakhalin", "|SAKST|SAKT|", "|Sakhalin Standard Time|Sakhalin Summer Time|Sakhalin Time|")
X("Asia/Seoul", "|KDT|KST|KT|", "|Korean Daylight Time|Korean Standard Time|Korean Time|")
X("Asia/Shanghai", "|", "|China Daylight Time|China Standard Time|China Time|")
X("Asia/Singapore", "|SGST|SGT|", "|Singapore Standard Time|Singapore Summer Time|Singapore Time|")
X("Asia/Srednekolymsk", "|SREDT|SRET|", "|Srednekolymsk Daylight Time|Srednekolymsk Time|")
X("Asia/Taipei", "|", "|Taipei Daylight Time|Taipei Standard Time|Taipei Time|")
X("Asia/Tashkent", "|UZST|UZT|", "|Uzbekistan Standard Time|Uzbekistan Summer Time|Uzbekistan Time|")
X("Asia/Tbilisi", "|GEST|GET|", "|Georgia Standard Time|Georgia Summer Time|Georgia Time|")
X("Asia/Tehran", "|IRDT|IRST|IRT|", "|Iran Daylight Time|Iran Standard Time|Iran Time|")
X("Asia/Thimphu", "|BTST|BTT|", "|Bhutan Summer Time|Bhutan Time|")
X("Asia/Tokyo", "|JDT|JST|JT|", "|Japan Daylight Time|Japan Standard Time|Japan Time|")
X("Asia/Tomsk", "|", "|Tomsk Daylight Time|Tomsk Standard Time|Tomsk Time|")
X("Asia/Ulaanbaatar", "|CHOST|CHOT|ULAST|ULAT|",
  "|Ulaanbaatar Standard Time|Ulaanbaatar Summer Time|Ulaanbaatar Time|")
X("Asia/Urumqi", "|XJDT|XJT|", "|Xinjiang Daylight Time|Xinjiang Standard Time|Xinjiang Time|")
X("Asia/Vladivostok", "|VLAST|VLAT|", "|Vladivostok Standard Time|Vladivostok Summer Time|Vladivostok Time|")
X("Asia/Yakutsk", "|YAKST|YAKT|", "|Yakutsk Standard Time|Yakutsk Summer Time|Yakutsk Time|")
X("Asia/Yangon", "|CCST|CCT|MMST|MMT|",
  "|Cocos Islands Summer Time|Cocos Islands Time|Myanmar Summer Time|Myanmar Time|")
X("Asia/Yekaterinburg", "|YEKST|YEKT|",
  "|Yekaterinburg Standard Time|Yekaterinburg Summer Time|Yekaterinburg Time|")
X("Asia/Yerevan", "|", "|Armenia Standard Time|Armenia Summer Time|Armenia Time|")
X("Atlantic/Azores", "|AZOST|AZOT|", "|Azores Standard Time|Azores Summer Time|Azores Time|")
X("Atlantic/Canary", "|WEST|WET|",
  "|Western European Standard Time|Western European Summer Time|Western European Time|")
X("Atlantic/Cape_Verde", "|CVST|CVT|", "|Cape Verde Standard Time|Cape Verde Summer Time|Cape Verde Time|")
X("Atlantic/South_Georgia", "|GDT|GST|GT|", "|South Georgia Daylight Time|South Georgia Time|")
X("Atlantic/Stanley", "|FKST|FKT|",
  "|Falkland Islands Standard Time|Falkland Islands Summer Time|Falkland Islands Time|")
X("Australia/Adelaide", "|ACDT|",
  "|Australian Central Daylight Time|Australian Central Standard Time|Central Australia Time|")
X("Australia/Eucla", "|ACWDT|ACWST|ACWT|",
  "|Australian Central Western Daylight Time|Australian Central Western Standard "
  "Time|Australian Central Western Time|")
X("Australia/Lord_Howe", "|LHDT|LHST|LHT|",
  "|Lord Howe Daylight Time|Lord Howe Standard Time|Lord Howe Time|")
X("Australia/Perth", "|AWDT|AWST|AWT|",
  "|Australian Western Daylight Time|Australian Western Standard Time|Western Australia Time|")
X("Australia/Sydney", "|AEDT|AEST|AET|",
  "|Australian Eastern Daylight Time|Australian Eastern Standard Time|Eastern Australia Time|")
X("Etc/UTC", "|", "|Coordinated Universal Time|")
X("Europe/Astrakhan", "|", "|Astrakhan Standard Time|Astrakhan Time|")
X("Europe/Bucharest", "|EEST|EET|",
  "|Eastern European Standard Time|Eastern European Summer Time|Eastern European Time|")
X("Europe/Istanbul", "|TRST|TRT|", "|Turkey Summer Time|Turkey Time|")
X("Europe/Kirov", "|", "|Moscow Daylight Time|")
X("Europe/Moscow", "|MSD|MSK|MT|", "|Moscow Standard Time|Moscow Summer Time|Moscow Time|")
X("Europe/Paris", "|CEST|CET|MEST|MET|",
  "|Central European Standard Time|Central European Summer Time|Central European Time|Middle "
  "Europe Summer Time|Middle Europe Time|")
X("Europe/Samara", "|SAMST|SAMT|", "|Samara Standard Time|Samara Summer Time|Samara Time|")
X("Europe/Saratov", "|", "|Saratov Standard Time|Saratov Time|")
X("Europe/Ulyanovsk", "|", "|Ulyanovsk Standard Time|Ulyanovsk Time|")
X("Europe/Volgograd", "|", "|Volgograd Standard Time|Volgograd Summer Time|Volgograd Time|")
X("Indian/Chagos", "|IOST|IOT|",
  "|Indian Ocean Territory Summer Time|Indian Ocean Territory Time|Indian Ocean Time|")
X("Indian/Maldives", "|MVST|MVT|TFST|TFT|",
  "|French Southern & Antarctic Lands Summer Time|French Southern & Antarctic Lands "
  "Time|French Southern & Antarctic Time|Maldives Summer Time|Maldives Time|")
X("Indian/Mauritius", "|MUST|MUT|", "|Mauritius Standard Time|Mauritius Summer Time|Mauritius Time|")
X("Pacific/Apia", "|WSDT|WSST|WST|", "|Apia Daylight Time|Apia Standard Time|Apia Time|")
X("Pacific/Auckland", "|NZDT|NZST|NZT|",
  "|New Zealand Daylight Time|New Zealand Standard Time|New Zealand Time|")
X("Pacific/Bougainville", "|BST|BT|",
  "|Bougainville Daylight Time|Bougainville Standard Time|Bougainville Time|")
X("Pacific/Chatham", "|CHADT|CHAST|CHAT|", "|Chatham Daylight Time|Chatham Standard Time|Chatham Time|")
X("Pacific/Easter", "|EASST|EAST|",
  "|Easter Island Standard Time|Easter Island Summer Time|Easter Island Time|")
X("Pacific/Efate", "|VUST|VUT|", "|Vanuatu Standard Time|Vanuatu Summer Time|Vanuatu Time|")
X("Pacific/Fakaofo", "|TKST|TKT|", "|Tokelau Summer Time|Tokelau Time|")
X("Pacific/Fiji", "|FJST|FJT|", "|Fiji Standard Time|Fiji Summer Time|Fiji Time|")
X("Pacific/Galapagos", "|GALST|GALT|", "|Galapagos Summer Time|Galapagos Time|")
X("Pacific/Gambier", "|GAMST|GAMT|", "|Gambier Summer Time|Gambier Time|")
X("Pacific/Guadalcanal", "|PONST|PONT|SBST|SBT|",
  "|Pohnpei Summer Time|Ponape Time|Solomon Is. Summer Time|Solomon Is. Time|Solomon Islands "
  "Time|")
X("Pacific/Guam", "|ChDT|ChST|ChT|", "|Chamorro Daylight Time|Chamorro Standard Time|Chamorro Time|")
X("Pacific/Honolulu", "|HADT|HAST|HAT|HDT|HST|",
  "|Hawaii-Aleutian Daylight Time|Hawaii-Aleutian Standard Time|Hawaii-Aleutian Time|")
X("Pacific/Kanton", "|PHOST|PHOT|",
  "|Kanton Daylight Time|Kanton Standard Time|Kanton Time|Phoenix Is. Summer Time|Phoenix Is. "
  "Time|Phoenix Islands Time|")
X("Pacific/Kiritimati", "|LINST|LINT|", "|Line Is. Summer Time|Line Is. Time|Line Islands Time|")
X("Pacific/Kosrae", "|KOSST|KOST|", "|Kosrae Summer Time|Kosrae Time|")
X("Pacific/Marquesas", "|MARST|MART|", "|Marquesas Summer Time|Marquesas Time|")
X("Pacific/Nauru", "|NRST|NRT|", "|Nauru Summer Time|Nauru Time|")
X("Pacific/Niue", "|NUST|NUT|", "|Niue Summer Time|Niue Time|")
X("Pacific/Norfolk", "|NFST|NFT|",
  "|Norfolk Island Daylight Time|Norfolk Island Standard Time|Norfolk Island Time|")
X("Pacific/Noumea", "|NCST|NCT|",
  "|New Caledonia Standard Time|New Caledonia Summer Time|New Caledonia Time|")
X("Pacific/Pago_Pago", "|SDT|SST|ST|", "|Samoa Daylight Time|Samoa Standard Time|Samoa Time|")
X("Pacific/Palau", "|PWST|PWT|", "|Palau Summer Time|Palau Time|")
X("Pacific/Pitcairn", "|", "|Pitcairn Daylight Time|Pitcairn Time|")
X("Pacific/Port_Moresby", "|CHUST|CHUT|DDUST|DDUT|PGST|PGT|",
  "|Chuuk Summer Time|Chuuk Time|Dumont-d'Urville Summer Time|Dumont-d'Urville "
  "Time|Dumont-d’Urville Time|Papua New Guinea Summer Time|Papua New Guinea Time|")
X("Pacific/Rarotonga", "|CKHST|CKT|",
  "|Cook Islands Half Summer Time|Cook Islands Standard Time|Cook Islands Time|")
X("Pacific/Tahiti", "|TAHST|TAHT|", "|Tahiti Summer Time|Tahiti Time|")
X("Pacific/Tarawa", "|GILST|GILT|MHST|MHT|TVST|TVT|WAKST|WAKT|WFST|WFT|",
  "|Gilbert Is. Summer Time|Gilbert Is. Time|Gilbert Islands Time|Marshall Islands Summer "
  "Time|Marshall Islands Time|Tuvalu Summer Time|Tuvalu Time|Wake Island Time|Wake Summer "
  "Time|Wake Time|Wallis & Futuna Summer Time|Wallis & Futuna Time|")
X("Pacific/Tongatapu", "|TOST|TOT|", "|Tonga Standard Time|Tonga Summer Time|Tonga Time|")
