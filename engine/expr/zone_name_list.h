/* engine/expr/zone_name_list.h - X(name, in full, while clocks are put forward, in full, zones that bear it).
 *
 * Names as Java 17 has them in English; zones that are not here are named by their distance from UTC. */
X("GMT", "Greenwich Mean Time", "GMT", "Greenwich Mean Time",
  " Africa/Abidjan Africa/Accra Africa/Bamako Africa/Banjul Africa/Bissau Africa/Conakry "
  "Africa/Dakar Africa/Freetown Africa/Lome Africa/Monrovia Africa/Nouakchott Africa/Ouagadougou "
  "Africa/Sao_Tome Africa/Timbuktu America/Danmarkshavn Atlantic/Reykjavik Atlantic/St_Helena "
  "Etc/GMT Etc/GMT+0 Etc/GMT-0 Etc/GMT0 Etc/Greenwich GMT GMT+0 GMT-0 GMT0 Greenwich "
  "Iceland ")
X("EAT", "East Africa Time", "EAT", "East Africa Time",
  " Africa/Addis_Ababa Africa/Asmara Africa/Asmera Africa/Dar_es_Salaam Africa/Djibouti "
  "Africa/Kampala Africa/Mogadishu Africa/Nairobi Indian/Antananarivo Indian/Comoro Indian/Mayotte ")
X("CET", "Central European Standard Time", "CEST", "Central European Summer Time",
  " Africa/Algiers Africa/Ceuta Africa/Tunis Arctic/Longyearbyen Atlantic/Jan_Mayen Europe/Amsterdam "
  "Europe/Andorra Europe/Belgrade Europe/Berlin Europe/Bratislava Europe/Brussels Europe/Budapest "
  "Europe/Busingen Europe/Copenhagen Europe/Gibraltar Europe/Ljubljana Europe/Luxembourg "
  "Europe/Madrid Europe/Malta Europe/Monaco Europe/Oslo Europe/Paris Europe/Podgorica Europe/Prague "
  "Europe/Rome Europe/San_Marino Europe/Sarajevo Europe/Skopje Europe/Stockholm Europe/Tirane "
  "Europe/Vaduz Europe/Vatican Europe/Vienna Europe/Warsaw Europe/Zagreb Europe/Zurich Poland ")
X("WAT", "West Africa Standard Time", "WAT", "West Africa Standard Time",
  " Africa/Bangui Africa/Brazzaville Africa/Douala Africa/Kinshasa Africa/Lagos Africa/Libreville "
  "Africa/Luanda Africa/Malabo Africa/Niamey Africa/Porto-Novo ")
X("CAT", "Central Africa Time", "CAT", "Central Africa Time",
  " Africa/Blantyre Africa/Bujumbura Africa/Gaborone Africa/Harare Africa/Kigali Africa/Lubumbashi "
  "Africa/Lusaka Africa/Maputo ")
X("EET", "Eastern European Standard Time", "EEST", "Eastern European Summer Time",
  " Africa/Cairo Africa/Tripoli Asia/Amman Asia/Beirut Asia/Damascus Asia/Gaza Asia/Hebron "
  "Asia/Nicosia Egypt Europe/Athens Europe/Bucharest Europe/Chisinau Europe/Helsinki "
  "Europe/Kaliningrad Europe/Kiev Europe/Kyiv Europe/Mariehamn Europe/Nicosia Europe/Riga "
  "Europe/Sofia Europe/Tallinn Europe/Tiraspol Europe/Uzhgorod Europe/Vilnius Europe/Zaporozhye "
  "Libya ")
X("WET", "Western European Time", "WEST", "Western European Summer Time",
  " Africa/Casablanca Africa/El_Aaiun ")
X("SAST", "South Africa Standard Time", "SAST", "South Africa Standard Time",
  " Africa/Johannesburg Africa/Maseru Africa/Mbabane ")
X("CAT", "Central Africa Time", "CAST", "Central African Summer Time", " Africa/Juba Africa/Khartoum ")
X("WAT", "West Africa Standard Time", "WAST", "West Africa Summer Time", " Africa/Ndjamena ")
X("WAT", "Western African Time", "WAT", "Western African Time", " Africa/Windhoek ")
X("HAST", "Hawaii-Aleutian Standard Time", "HADT", "Hawaii-Aleutian Daylight Time",
  " America/Adak America/Atka US/Aleutian ")
X("AKST", "Alaska Standard Time", "AKDT", "Alaska Daylight Time",
  " America/Anchorage America/Juneau America/Metlakatla America/Nome America/Sitka America/Yakutat "
  "US/Alaska ")
X("AST", "Atlantic Standard Time", "AST", "Atlantic Standard Time",
  " America/Anguilla America/Antigua America/Aruba America/Blanc-Sablon America/Curacao "
  "America/Dominica America/Grenada America/Guadeloupe America/Kralendijk America/Lower_Princes "
  "America/Marigot America/Montserrat America/Port_of_Spain America/Puerto_Rico "
  "America/St_Barthelemy America/St_Kitts America/St_Lucia America/St_Thomas America/St_Vincent "
  "America/Tortola America/Virgin ")
X("BRT", "Brasilia Standard Time", "BRST", "Brasilia Summer Time",
  " America/Araguaina America/Bahia America/Belem America/Fortaleza America/Maceio America/Recife "
  "America/Santarem America/Sao_Paulo Brazil/East ")
X("ART", "Argentina Standard Time", "ARST", "Argentina Summer Time",
  " America/Argentina/Buenos_Aires America/Argentina/Catamarca America/Argentina/ComodRivadavia "
  "America/Argentina/Cordoba America/Argentina/Jujuy America/Argentina/La_Rioja "
  "America/Argentina/Mendoza America/Argentina/Rio_Gallegos America/Argentina/Salta "
  "America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman "
  "America/Argentina/Ushuaia America/Buenos_Aires America/Catamarca America/Cordoba America/Jujuy "
  "America/Mendoza America/Rosario ")
X("PYT", "Paraguay Standard Time", "PYST", "Paraguay Summer Time", " America/Asuncion ")
X("EST", "Eastern Standard Time", "EST", "Eastern Standard Time",
  " America/Atikokan America/Cayman America/Coral_Harbour America/Panama ")
X("CST", "Central Standard Time", "CDT", "Central Daylight Time",
  " America/Bahia_Banderas America/Belize America/Chicago America/Chihuahua America/Costa_Rica "
  "America/El_Salvador America/Guatemala America/Indiana/Knox America/Indiana/Tell_City "
  "America/Knox_IN America/Managua America/Matamoros America/Menominee America/Merida "
  "America/Mexico_City America/Monterrey America/North_Dakota/Beulah America/North_Dakota/Center "
  "America/North_Dakota/New_Salem America/Ojinaga America/Rainy_River America/Rankin_Inlet "
  "America/Resolute America/Tegucigalpa America/Winnipeg CST6CDT Canada/Central Mexico/General "
  "US/Central US/Indiana-Starke ")
X("AST", "Atlantic Standard Time", "ADT", "Atlantic Daylight Time",
  " America/Barbados America/Glace_Bay America/Goose_Bay America/Halifax America/Martinique "
  "America/Moncton America/Santo_Domingo America/Thule Atlantic/Bermuda Canada/Atlantic ")
X("AMT", "Amazon Standard Time", "AMST", "Amazon Summer Time",
  " America/Boa_Vista America/Campo_Grande America/Cuiaba America/Manaus America/Porto_Velho "
  "Brazil/West ")
X("COT", "Colombia Standard Time", "COST", "Colombia Summer Time", " America/Bogota ")
X("MST", "Mountain Standard Time", "MDT", "Mountain Daylight Time",
  " America/Boise America/Cambridge_Bay America/Ciudad_Juarez America/Dawson America/Dawson_Creek "
  "America/Denver America/Edmonton America/Fort_Nelson America/Inuvik America/Shiprock "
  "America/Whitehorse America/Yellowknife Canada/Mountain Canada/Yukon MST7MDT Navajo US/Mountain ")
X("EST", "Eastern Standard Time", "EDT", "Eastern Daylight Time",
  " America/Cancun America/Detroit America/Fort_Wayne America/Grand_Turk "
  "America/Indiana/Indianapolis America/Indiana/Marengo America/Indiana/Petersburg "
  "America/Indiana/Vevay America/Indiana/Vincennes America/Indiana/Winamac America/Indianapolis "
  "America/Iqaluit America/Jamaica America/Kentucky/Louisville America/Kentucky/Monticello "
  "America/Louisville America/Montreal America/Nassau America/New_York America/Nipigon "
  "America/Pangnirtung America/Port-au-Prince America/Thunder_Bay America/Toronto Canada/Eastern "
  "EST5EDT Jamaica US/East-Indiana US/Eastern US/Michigan ")
X("VET", "Venezuela Time", "VET", "Venezuela Time", " America/Caracas ")
X("GFT", "French Guiana Time", "GFT", "French Guiana Time", " America/Cayenne ")
X("MST", "Mountain Standard Time", "MST", "Mountain Standard Time",
  " America/Creston America/Phoenix US/Arizona ")
X("ACT", "Acre Standard Time", "ACST", "Acre Summer Time",
  " America/Eirunepe America/Porto_Acre America/Rio_Branco Brazil/Acre ")
X("PST", "Pacific Standard Time", "PDT", "Pacific Daylight Time",
  " America/Ensenada America/Los_Angeles America/Tijuana America/Vancouver Canada/Pacific "
  "Mexico/BajaNorte PST8PDT US/Pacific ")
X("WGT", "West Greenland Standard Time", "WGST", "West Greenland Summer Time",
  " America/Godthab America/Nuuk ")
X("ECT", "Ecuador Time", "ECST", "Ecuador Summer Time", " America/Guayaquil ")
X("GYT", "Guyana Time", "GYT", "Guyana Time", " America/Guyana ")
X("CST", "Cuba Standard Time", "CDT", "Cuba Daylight Time", " America/Havana Cuba ")
X("MST", "Mexican Pacific Standard Time", "MDT", "Mexican Pacific Daylight Time",
  " America/Hermosillo America/Mazatlan Mexico/BajaSur ")
X("BOT", "Bolivia Time", "BOT", "Bolivia Time", " America/La_Paz ")
X("PET", "Peru Standard Time", "PEST", "Peru Summer Time", " America/Lima ")
X("PMST", "St. Pierre & Miquelon Standard Time", "PMDT", "St. Pierre & Miquelon Daylight Time",
  " America/Miquelon ")
X("UYT", "Uruguay Standard Time", "UYST", "Uruguay Summer Time", " America/Montevideo ")
X("FNT", "Fernando de Noronha Standard Time", "FNST", "Fernando de Noronha Summer Time",
  " America/Noronha Brazil/DeNoronha ")
X("SRT", "Suriname Time", "SRT", "Suriname Time", " America/Paramaribo ")
X("CST", "Central Standard Time", "CST", "Central Standard Time",
  " America/Regina America/Swift_Current Canada/Saskatchewan ")
X("PST", "Northwest Mexico Standard Time", "PDT", "Northwest Mexico Daylight Time", " America/Santa_Isabel ")
X("CLT", "Chile Standard Time", "CLST", "Chile Summer Time", " America/Santiago Chile/Continental ")
X("EGT", "East Greenland Standard Time", "EGST", "East Greenland Summer Time", " America/Scoresbysund ")
X("NST", "Newfoundland Standard Time", "NDT", "Newfoundland Daylight Time",
  " America/St_Johns Canada/Newfoundland ")
X("AWST", "Casey Time", "AWST", "Casey Time", " Antarctica/Casey ")
X("DAVT", "Davis Time", "DAVT", "Davis Time", " Antarctica/Davis ")
X("DDUT", "Dumont-d’Urville Time", "DDUT", "Dumont-d’Urville Time", " Antarctica/DumontDUrville ")
X("AEST", "Australian Eastern Standard Time", "AEDT", "Australian Eastern Daylight Time",
  " Antarctica/Macquarie Australia/ACT Australia/Brisbane Australia/Canberra Australia/Currie "
  "Australia/Hobart Australia/Lindeman Australia/Melbourne Australia/NSW Australia/Queensland "
  "Australia/Sydney Australia/Tasmania Australia/Victoria ")
X("MAWT", "Mawson Time", "MAWT", "Mawson Time", " Antarctica/Mawson ")
X("NZST", "New Zealand Standard Time", "NZDT", "New Zealand Daylight Time",
  " Antarctica/McMurdo Antarctica/South_Pole NZ Pacific/Auckland ")
X("CLT", "Chile Time", "CLST", "Chile Summer Time", " Antarctica/Palmer ")
X("ROTT", "Rothera Time", "ROTT", "Rothera Time", " Antarctica/Rothera ")
X("SYOT", "Syowa Time", "SYOT", "Syowa Time", " Antarctica/Syowa ")
X("GMT", "Greenwich Mean Time", "CEST", "Central European Summer Time", " Antarctica/Troll ")
X("VOST", "Vostok Time", "VOST", "Vostok Time", " Antarctica/Vostok ")
X("AST", "Arabian Standard Time", "AST", "Arabian Standard Time",
  " Asia/Aden Asia/Bahrain Asia/Kuwait Asia/Qatar Asia/Riyadh ")
X("ALMT", "East Kazakhstan Time", "ALMST", "Alma-Ata Summer Time", " Asia/Almaty ")
X("ANAT", "Anadyr Standard Time", "ANAST", "Anadyr Summer Time", " Asia/Anadyr ")
X("AQTT", "West Kazakhstan Time", "AQTST", "Aqtau Summer Time", " Asia/Aqtau ")
X("AQTT", "West Kazakhstan Time", "AQTST", "Aqtobe Summer Time", " Asia/Aqtobe ")
X("TMT", "Turkmenistan Standard Time", "TMST", "Turkmenistan Summer Time", " Asia/Ashgabat Asia/Ashkhabad ")
X("AST", "Arabian Standard Time", "ADT", "Arabian Daylight Time", " Asia/Baghdad ")
X("AZT", "Azerbaijan Standard Time", "AZST", "Azerbaijan Summer Time", " Asia/Baku ")
X("ICT", "Indochina Time", "ICT", "Indochina Time",
  " Asia/Bangkok Asia/Ho_Chi_Minh Asia/Phnom_Penh Asia/Saigon Asia/Vientiane ")
X("KGT", "Kyrgyzstan Time", "KGST", "Kirgizstan Summer Time", " Asia/Bishkek ")
X("BNT", "Brunei Darussalam Time", "BNT", "Brunei Darussalam Time", " Asia/Brunei ")
X("IST", "India Standard Time", "IST", "India Standard Time", " Asia/Calcutta Asia/Colombo Asia/Kolkata ")
X("YAKT", "Yakutsk Standard Time", "YAKST", "Yakutsk Summer Time", " Asia/Chita Asia/Khandyga Asia/Yakutsk ")
X("CHOT", "Ulaanbaatar Standard Time", "CHOST", "Ulaanbaatar Summer Time", " Asia/Choibalsan ")
X("CST", "China Standard Time", "CDT", "China Daylight Time",
  " Asia/Chongqing Asia/Chungking Asia/Harbin Asia/Macao Asia/Macau Asia/Shanghai PRC ")
X("BDT", "Bangladesh Standard Time", "BDST", "Bangladesh Summer Time", " Asia/Dacca Asia/Dhaka ")
X("TLT", "East Timor Time", "TLT", "East Timor Time", " Asia/Dili ")
X("GST", "Gulf Standard Time", "GST", "Gulf Standard Time", " Asia/Dubai Asia/Muscat ")
X("TJT", "Tajikistan Time", "TJST", "Tajikistan Summer Time", " Asia/Dushanbe ")
X("EET", "Eastern European Time", "EEST", "Eastern European Summer Time", " Asia/Famagusta EET ")
X("HKT", "Hong Kong Standard Time", "HKST", "Hong Kong Summer Time", " Asia/Hong_Kong Hongkong ")
X("HOVT", "Hovd Standard Time", "HOVST", "Hovd Summer Time", " Asia/Hovd ")
X("IRKT", "Irkutsk Standard Time", "IRKST", "Irkutsk Summer Time", " Asia/Irkutsk ")
X("TRT", "Turkey Time", "TRST", "Turkey Summer Time", " Asia/Istanbul Europe/Istanbul Turkey ")
X("WIB", "Western Indonesia Time", "WIB", "Western Indonesia Time", " Asia/Jakarta Asia/Pontianak ")
X("WIT", "Eastern Indonesia Time", "WIT", "Eastern Indonesia Time", " Asia/Jayapura ")
X("IST", "Israel Standard Time", "IDT", "Israel Daylight Time", " Asia/Jerusalem Asia/Tel_Aviv Israel ")
X("AFT", "Afghanistan Time", "AFT", "Afghanistan Time", " Asia/Kabul ")
X("PETT", "Petropavlovsk-Kamchatski Standard Time", "PETST", "Petropavlovsk-Kamchatski Summer Time",
  " Asia/Kamchatka ")
X("PKT", "Pakistan Standard Time", "PKST", "Pakistan Summer Time", " Asia/Karachi ")
X("XJT", "Xinjiang Standard Time", "XJT", "Xinjiang Standard Time", " Asia/Kashgar Asia/Urumqi ")
X("NPT", "Nepal Time", "NPT", "Nepal Time", " Asia/Kathmandu Asia/Katmandu ")
X("KRAT", "Krasnoyarsk Standard Time", "KRAST", "Krasnoyarsk Summer Time",
  " Asia/Krasnoyarsk Asia/Novokuznetsk ")
X("MYT", "Malaysia Time", "MYT", "Malaysia Time", " Asia/Kuala_Lumpur Asia/Kuching ")
X("MAGT", "Magadan Standard Time", "MAGST", "Magadan Summer Time", " Asia/Magadan ")
X("WITA", "Central Indonesia Time", "WITA", "Central Indonesia Time", " Asia/Makassar Asia/Ujung_Pandang ")
X("PST", "Philippine Standard Time", "PDT", "Philippine Summer Time", " Asia/Manila ")
X("NOVT", "Novosibirsk Standard Time", "NOVST", "Novosibirsk Summer Time", " Asia/Novosibirsk ")
X("OMST", "Omsk Standard Time", "OMSST", "Omsk Summer Time", " Asia/Omsk ")
X("ORAT", "West Kazakhstan Time", "ORAST", "Oral Summer Time", " Asia/Oral ")
X("KST", "Korean Standard Time", "KST", "Korean Standard Time", " Asia/Pyongyang ")
X("QOST", "East Kazakhstan Time", "QOSST", "Kostanay Summer Time", " Asia/Qostanay ")
X("QYZT", "West Kazakhstan Time", "QYZST", "Qyzylorda Summer Time", " Asia/Qyzylorda ")
X("MMT", "Myanmar Time", "MMT", "Myanmar Time", " Asia/Rangoon Asia/Yangon ")
X("SAKT", "Sakhalin Standard Time", "SAKST", "Sakhalin Summer Time", " Asia/Sakhalin ")
X("UZT", "Uzbekistan Standard Time", "UZST", "Uzbekistan Summer Time", " Asia/Samarkand Asia/Tashkent ")
X("KST", "Korean Standard Time", "KDT", "Korean Daylight Time", " Asia/Seoul ROK ")
X("SGT", "Singapore Standard Time", "SGT", "Singapore Standard Time", " Asia/Singapore Singapore ")
X("SRET", "Srednekolymsk Time", "SREDT", "Srednekolymsk Daylight Time", " Asia/Srednekolymsk ")
X("CST", "Taipei Standard Time", "CDT", "Taipei Daylight Time", " Asia/Taipei ")
X("GET", "Georgia Standard Time", "GEST", "Georgia Summer Time", " Asia/Tbilisi ")
X("IRST", "Iran Standard Time", "IRDT", "Iran Daylight Time", " Asia/Tehran Iran ")
X("BTT", "Bhutan Time", "BTT", "Bhutan Time", " Asia/Thimbu Asia/Thimphu ")
X("JST", "Japan Standard Time", "JST", "Japan Standard Time", " Asia/Tokyo Japan ")
X("ULAT", "Ulaanbaatar Standard Time", "ULAST", "Ulaanbaatar Summer Time",
  " Asia/Ulaanbaatar Asia/Ulan_Bator ")
X("VLAT", "Vladivostok Standard Time", "VLAST", "Vladivostok Summer Time", " Asia/Ust-Nera Asia/Vladivostok ")
X("YEKT", "Yekaterinburg Standard Time", "YEKST", "Yekaterinburg Summer Time", " Asia/Yekaterinburg ")
X("AMT", "Armenia Standard Time", "AMST", "Armenia Summer Time", " Asia/Yerevan ")
X("AZOT", "Azores Standard Time", "AZOST", "Azores Summer Time", " Atlantic/Azores ")
X("WET", "Western European Standard Time", "WEST", "Western European Summer Time",
  " Atlantic/Canary Atlantic/Faeroe Atlantic/Faroe Atlantic/Madeira Europe/Lisbon Portugal ")
X("CVT", "Cape Verde Standard Time", "CVT", "Cape Verde Standard Time", " Atlantic/Cape_Verde ")
X("GST", "South Georgia Time", "GST", "South Georgia Time", " Atlantic/South_Georgia ")
X("FKT", "Falkland Islands Standard Time", "FKST", "Falkland Islands Summer Time", " Atlantic/Stanley ")
X("ACST", "Australian Central Standard Time", "ACDT", "Australian Central Daylight Time",
  " Australia/Adelaide Australia/Broken_Hill Australia/South Australia/Yancowinna ")
X("ACST", "Australian Central Standard Time", "ACST", "Australian Central Standard Time",
  " Australia/Darwin Australia/North ")
X("ACWST", "Australian Central Western Standard Time", "ACWDT", "Australian Central Western Daylight Time",
  " Australia/Eucla ")
X("LHST", "Lord Howe Standard Time", "LHDT", "Lord Howe Daylight Time", " Australia/LHI Australia/Lord_Howe ")
X("AWST", "Australian Western Standard Time", "AWDT", "Australian Western Daylight Time",
  " Australia/Perth Australia/West ")
X("CET", "Central European Time", "CEST", "Central European Summer Time", " CET ")
X("EAST", "Easter Island Standard Time", "EASST", "Easter Island Summer Time",
  " Chile/EasterIsland Pacific/Easter ")
X("UTC", "Coordinated Universal Time", "UTC", "Coordinated Universal Time",
  " Etc/UCT Etc/UTC Etc/Universal Etc/Zulu UCT UTC Universal Zulu ")
X("GMT", "Greenwich Mean Time", "BST", "British Summer Time",
  " Europe/Belfast Europe/Guernsey Europe/Isle_of_Man Europe/Jersey Europe/London GB GB-Eire ")
X("MSK", "Moscow Standard Time", "MSD", "Moscow Daylight Time", " Europe/Kirov ")
X("MSK", "Moscow Standard Time", "MSD", "Moscow Summer Time",
  " Europe/Minsk Europe/Moscow Europe/Simferopol W-SU ")
X("SAMT", "Samara Standard Time", "SAMST", "Samara Summer Time", " Europe/Samara ")
X("MSK", "Volgograd Standard Time", "MSD", "Volgograd Summer Time", " Europe/Volgograd ")
X("IOT", "Indian Ocean Time", "IOT", "Indian Ocean Time", " Indian/Chagos ")
X("CXT", "Christmas Island Time", "CXT", "Christmas Island Time", " Indian/Christmas ")
X("CCT", "Cocos Islands Time", "CCT", "Cocos Islands Time", " Indian/Cocos ")
X("TFT", "French Southern & Antarctic Time", "TFT", "French Southern & Antarctic Time", " Indian/Kerguelen ")
X("SCT", "Seychelles Time", "SCT", "Seychelles Time", " Indian/Mahe ")
X("MVT", "Maldives Time", "MVT", "Maldives Time", " Indian/Maldives ")
X("MUT", "Mauritius Standard Time", "MUST", "Mauritius Summer Time", " Indian/Mauritius ")
X("RET", "Réunion Time", "RET", "Réunion Time", " Indian/Reunion ")
X("MHT", "Marshall Islands Time", "MHT", "Marshall Islands Time",
  " Kwajalein Pacific/Kwajalein Pacific/Majuro ")
X("MET", "Middle Europe Time", "MEST", "Middle Europe Summer Time", " MET ")
X("CHAST", "Chatham Standard Time", "CHADT", "Chatham Daylight Time", " NZ-CHAT Pacific/Chatham ")
X("WSST", "Apia Standard Time", "WSDT", "Apia Daylight Time", " Pacific/Apia ")
X("BST", "Bougainville Standard Time", "BST", "Bougainville Standard Time", " Pacific/Bougainville ")
X("CHUT", "Chuuk Time", "CHUT", "Chuuk Time", " Pacific/Chuuk Pacific/Truk Pacific/Yap ")
X("VUT", "Vanuatu Standard Time", "VUST", "Vanuatu Summer Time", " Pacific/Efate ")
X("PHOT", "Phoenix Islands Time", "PHOT", "Phoenix Islands Time", " Pacific/Enderbury ")
X("TKT", "Tokelau Time", "TKT", "Tokelau Time", " Pacific/Fakaofo ")
X("FJT", "Fiji Standard Time", "FJST", "Fiji Summer Time", " Pacific/Fiji ")
X("TVT", "Tuvalu Time", "TVT", "Tuvalu Time", " Pacific/Funafuti ")
X("GALT", "Galapagos Time", "GALST", "Galapagos Summer Time", " Pacific/Galapagos ")
X("GAMT", "Gambier Time", "GAMT", "Gambier Time", " Pacific/Gambier ")
X("SBT", "Solomon Islands Time", "SBT", "Solomon Islands Time", " Pacific/Guadalcanal ")
X("ChST", "Chamorro Standard Time", "ChDT", "Chamorro Daylight Time", " Pacific/Guam Pacific/Saipan ")
X("HST", "Hawaii-Aleutian Standard Time", "HST", "Hawaii-Aleutian Standard Time",
  " Pacific/Honolulu US/Hawaii ")
X("HAST", "Hawaii-Aleutian Standard Time", "HAST", "Hawaii-Aleutian Standard Time", " Pacific/Johnston ")
X("LINT", "Line Islands Time", "LINT", "Line Islands Time", " Pacific/Kiritimati ")
X("KOST", "Kosrae Time", "KOST", "Kosrae Time", " Pacific/Kosrae ")
X("MART", "Marquesas Time", "MART", "Marquesas Time", " Pacific/Marquesas ")
X("SST", "Samoa Standard Time", "SST", "Samoa Standard Time",
  " Pacific/Midway Pacific/Pago_Pago Pacific/Samoa US/Samoa ")
X("NRT", "Nauru Time", "NRT", "Nauru Time", " Pacific/Nauru ")
X("NUT", "Niue Time", "NUT", "Niue Time", " Pacific/Niue ")
X("NFT", "Norfolk Island Standard Time", "NFST", "Norfolk Island Daylight Time", " Pacific/Norfolk ")
X("NCT", "New Caledonia Standard Time", "NCST", "New Caledonia Summer Time", " Pacific/Noumea ")
X("PWT", "Palau Time", "PWT", "Palau Time", " Pacific/Palau ")
X("PST", "Pitcairn Time", "PST", "Pitcairn Time", " Pacific/Pitcairn ")
X("PONT", "Ponape Time", "PONT", "Ponape Time", " Pacific/Pohnpei Pacific/Ponape ")
X("PGT", "Papua New Guinea Time", "PGT", "Papua New Guinea Time", " Pacific/Port_Moresby ")
X("CKT", "Cook Islands Standard Time", "CKHST", "Cook Islands Half Summer Time", " Pacific/Rarotonga ")
X("TAHT", "Tahiti Time", "TAHT", "Tahiti Time", " Pacific/Tahiti ")
X("GILT", "Gilbert Islands Time", "GILT", "Gilbert Islands Time", " Pacific/Tarawa ")
X("TOT", "Tonga Standard Time", "TOST", "Tonga Summer Time", " Pacific/Tongatapu ")
X("WAKT", "Wake Island Time", "WAKT", "Wake Island Time", " Pacific/Wake ")
X("WFT", "Wallis & Futuna Time", "WFT", "Wallis & Futuna Time", " Pacific/Wallis ")
X("WET", "Western European Time", "WEST", "Western European Summer Time", " WET ")
X("GMT", "Greenwich Mean Time", "IST", "Irish Standard Time", " Eire Europe/Dublin ")
